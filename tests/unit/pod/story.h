/* SPDX-License-Identifier: Apache-2.0
 *
 * story.h - a pod's life as text: what happens, what it does, how it is
 *
 * A story is a manifest, a line "%%", then lines of what happens, each followed by what
 * comes of it:
 *
 *     > 0 prepared
 *       image app
 *     > 3.5 ended app 1 last words
 *       ! app Started: Started container app
 *       = Running: app restarts=1 terminated Error 1
 *       start app #1
 *
 * What is due by time alone stands under a line "@ 13.5". A first line "> images" says
 * that all images are here, so that nobody has to tell.
 */
#ifndef BERTH_TESTS_STORY_H
#define BERTH_TESTS_STORY_H

/* The story of 'text', told anew: the same as 'text' when nothing has changed. The
 * caller frees it. Fails the test where a line cannot be read. */
char *story_tell(const char *name, const char *text);

#endif
