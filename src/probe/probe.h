/* SPDX-License-Identifier: Apache-2.0
 *
 * probe.h - is somebody there, and well? By TCP, or by HTTP
 *
 * In a libuv loop. A program that is run instead is the business of whoever has its
 * container.
 */
#ifndef BERTH_PROBE_PROBE_H
#define BERTH_PROBE_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "manifest/values.h"

/* A new TCP socket of 'family', close-on-exec, nonblocking and not connected: a
 * descriptor that is the probe's from now on, or -Exxx with words. It belongs to the
 * network namespace that it was made in, whoever uses it: so a probe comes from inside
 * of a pod. */
typedef int probe_socket_fn(void *ctx, int family, struct err *err);

struct probe_wish {
    bool is_http;     /* else a connection that comes about is good */
    const char *host; /* an address, or a name, resolved here */
    uint16_t port;
    const char *path;            /* of HTTP; NULL: "/" */
    const mf_pairs *headers;     /* of HTTP; NULL: none */
    bool any_status;             /* of HTTP: an answer is good whatever it says */
    uint64_t timeout_ms;         /* for all of it; 0: until it is cancelled */
    probe_socket_fn *get_socket; /* NULL: the caller's own network; not called any more
                                  * after 'done' or a cancel */
    void *socket_ctx;
};

struct probe_run;

/* 'words' say what was not good, as the kubelet words it: "HTTP probe failed with
 * statuscode: 503", "dial tcp 10.1.2.3:80: connect: connection refused". */
typedef void probe_done_fn(void *ctx, bool is_good, const char *words);

/* Ask. 'done' is called once from the loop, never from here; '*ret_run' is not valid
 * any more then. The wish is copied.
 *
 * HTTP: GET, at most 10 KiB of an answer are read; 200 to 399 is good. Redirects on the
 * same host are followed (ten of them), others count as good. -EINVAL with words: no
 * such request can be made. */
int probe_start(uv_loop_t *loop, const struct probe_wish *wish, probe_done_fn *done,
                void *ctx, struct probe_run **ret_run, struct err *err);

/* Forget it: 'done' is not called. What the loop still holds of it goes by itself. */
void probe_cancel(struct probe_run *run);

#endif
