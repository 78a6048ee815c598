/* SPDX-License-Identifier: Apache-2.0
 *
 * text.h - the little formats of control groups' files (pure)
 *
 * The kernel writes them, so a line that is not understood is passed over.
 */
#ifndef BERTH_CGROUP_TEXT_H
#define BERTH_CGROUP_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The number beside 'key' in lines of "KEY NUMBER"; 0 when it is not there. */
uint64_t text_field(const char *text, const char *key);
/* v2's io.stat: "8:0 rbytes=1 wbytes=2 ..." a device. Adds up. */
void text_io_stat(const char *text, uint64_t *ret_read, uint64_t *ret_write);
/* v1's blkio files: "8:0 Read 1". Adds up. */
void text_blkio(const char *text, uint64_t *ret_read, uint64_t *ret_write);
/* "some avg10=1.50 ..." of a pressure file. */
float text_pressure(const char *text);
/* Whether 'word' is one of those that spaces, commas or newlines part. */
int text_has_word(const char *text, const char *word);

/* One mount of /proc/self/mountinfo, if it is of a control group. Strings lie in
 * 'line', which is cut up; octal escapes are undone. */
struct text_mount {
    const char *root; /* of the hierarchy, that is seen at 'point' */
    const char *point;
    const char *type;    /* "cgroup", "cgroup2" */
    const char *options; /* of the file system: "rw,memory" */
};
int text_mount(char *line, struct text_mount *ret);
/* One line of /proc/self/cgroup, "4:memory:/path"; cut up. */
int text_membership(char *line, const char **ret_controllers, const char **ret_path);

#endif
