/* SPDX-License-Identifier: Apache-2.0
 *
 * order.h - what the caller tells a container's init: start this, signal that
 *
 * One packet an order, on a SOCK_SEQPACKET pair:
 *
 *     +--------------+----------------------------------------------+
 *     | order_head   | cwd \0 cpus \0 argv[0] \0 ... env[0] \0 ...  |
 *     +--------------+----------------------------------------------+
 *     control data: three descriptors for 0, 1, 2; with ORDER_WIRE one for 3
 *
 * A body over ORDER_INLINE_MAX bytes (environments of a megabyte are normal)
 * travels in a memfd instead, as the last descriptor.
 */
#ifndef BERTH_CONTAINER_ORDER_H
#define BERTH_CONTAINER_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "container/container.h"

#define ORDER_INLINE_MAX 32768
#define ORDER_BODY_MAX (8u << 20)

enum order_kind { ORDER_SPAWN = 1, ORDER_SIGNAL = 2, ORDER_SWEEP = 3 };

enum {
    ORDER_NEW_SESSION = 1,
    ORDER_TERMINAL = 2,
    ORDER_NEEDS_CWD = 4,
    ORDER_WIRE = 8,
    ORDER_PROCESS = 16, /* of a signal: not for the process's group */
    ORDER_MAKES_CWD = 32,
};

struct order_head {
    uint32_t kind;
    uint32_t task;
    uint32_t signo;
    uint32_t umask;
    uint32_t flags; /* ORDER_* */
    uint16_t rows, columns;
    uint32_t argc, envc;
    uint32_t memory_policy;
    uint32_t body_len;
};

#define ORDER_FDS 4 /* standard streams, wire */

/* An order as init sees it. Strings and vectors live in 'body' and 'argv'. */
struct order {
    enum order_kind kind;
    uint32_t task;
    int signo;
    unsigned int umask;
    bool new_session, has_terminal, needs_cwd, makes_cwd, has_wire;
    bool is_for_process;         /* a signal: not for its group */
    uint16_t rows, columns;      /* of the terminal */
    const char *cwd, *cpus;      /* cpus: "" for unbound */
    const char *memory, *notice; /* "": none */
    uint32_t memory_policy;
    char **argv, **env; /* argv owns the memory of both */
    int fds[ORDER_FDS]; /* close-on-exec, -1 when absent */
    char *body;
};

/* Send an order; blocks only while init is far behind. -E2BIG when the strings
 * are too long, -EPIPE when init is gone. */
int order_send_spawn(int sock, const struct task_spec *task, struct err *err);
/* 'flags' is 0 or ORDER_PROCESS. */
int order_send_signal(int sock, uint32_t task, int signo, uint32_t flags,
                      struct err *err);
int order_send_sweep(int sock, struct err *err);

/* Receive without waiting: 1 and *ret (to be given to order_fini), 0 when the
 * caller is gone, -EAGAIN when none waits, -EBADMSG for one that is malformed. */
int order_receive(int sock, struct order *ret);

/* Take apart 'body' (head->body_len bytes, owned by the order from now on, also
 * on failure): 0 or -EBADMSG. */
int order_parse(const struct order_head *head, char *body, struct order *ret);

void order_fini(struct order *order);

#endif
