/* SPDX-License-Identifier: Apache-2.0
 *
 * text.h - traces that stand in the test
 */
#ifndef BERTH_TESTS_SIM_TEXT_H
#define BERTH_TESTS_SIM_TEXT_H

#include "base/io.h"
#include "sim/trace.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Read 'len' bytes as a file called "t". */
static inline int read_bytes(const char *bytes, size_t len,
                             const struct trace_rules *rules, struct trace *ret,
                             struct err *err)
{
    struct lines *lines;
    int fd = memfd_create("t", MFD_CLOEXEC), rc;

    if (fd < 0 || io_write_full(fd, bytes, len) || lseek(fd, 0, SEEK_SET))
        return -errno;
    rc = lines_open_fd(fd, "t", &lines, err);
    if (rc)
        return rc;
    rc = trace_read(lines, rules, ret, err);
    lines_close(lines);
    return rc;
}

static inline int read_text(const char *text, const struct trace_rules *rules,
                            struct trace *ret, struct err *err)
{
    return read_bytes(text, strlen(text), rules, ret, err);
}

#endif
