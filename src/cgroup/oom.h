/* SPDX-License-Identifier: Apache-2.0
 *
 * oom.h - words on what used the memory (pure)
 */
#ifndef BERTH_CGROUP_OOM_H
#define BERTH_CGROUP_OOM_H

#include <berth/cgroup.h>

/* What to tell a person of whom 'n' processes were just killed for lack of memory.
 * 'who' ended ("task 3") and had at most 'rss' bytes at a time. 'usage' was read
 * after that: what the killed ones had is what the limit has over it. The caller
 * frees the words. */
char *oom_words(const struct berth_cgroup_usage *usage, const char *who, uint64_t n,
                uint64_t rss);

#endif
