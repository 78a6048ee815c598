/* SPDX-License-Identifier: Apache-2.0
 *
 * report.h - what a container's init tells its caller
 *
 * One packet a report, on the socket that orders come by. READY or FAILED is
 * the first; STARTED and ENDED of a task follow in this order. The pid of a
 * started task travels as SCM_CREDENTIALS, so the kernel translates it to the
 * caller's PID namespace.
 */
#ifndef BERTH_CONTAINER_REPORT_H
#define BERTH_CONTAINER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum report_kind {
    REPORT_READY = 1,
    REPORT_FAILED = 2,
    REPORT_STARTED = 3,
    REPORT_ENDED = 4,
    REPORT_NAMESPACES = 5, /* with descriptors of them */
    REPORT_MEMORY = 7,     /* with a descriptor: the root of a file system, in order */
    REPORT_JOINED = 6      /* 'status' is a pid, with its pidfd */
};

#define REPORT_FDS_MAX 8

struct report {
    uint32_t kind;
    uint32_t task;
    int32_t status; /* wait(2) status; FAILED: an errno value */
    uint64_t user_usec, system_usec, max_rss_kib;
    char words[ERR_TEXT_MAX];
};

/* Send without waiting; 'about' is a pid in the sender's namespace, or 0.
 * 0, -EAGAIN when the caller is far behind, -EPIPE when it is gone. */
int report_send(int sock, const struct report *report, pid_t about);

/* The same with descriptors, which stay the sender's; may wait. */
int report_send_fds(int sock, const struct report *report, const int *fds, size_t n);

/* Receive; waits when 'wait'. 1, *ret and *ret_pid (the sender's own pid when
 * the report was about nobody), 0 when init is gone, -EAGAIN, -EBADMSG. The report
 * may have descriptors: *ret_n of them, which are the caller's from now on. */
int report_receive_fds(int sock, bool wait, struct report *ret, pid_t *ret_pid,
                       int ret_fds[REPORT_FDS_MAX], size_t *ret_n);

#endif
