/* SPDX-License-Identifier: Apache-2.0
 *
 * export_mount.h - mount a directory of an NFS server, and unmount it
 *
 * The one place that knows how: mount(8) with type nfs, or the program that BERTH_MOUNT
 * names, called alike. A minute at most; a server that does not answer holds up nobody
 * else. Unmounting detaches, so it does not wait for a server either.
 */
#ifndef BERTH_NODE_EXPORT_MOUNT_H
#define BERTH_NODE_EXPORT_MOUNT_H

#include <stdbool.h>
#include <uv.h>

#include "base/err.h"

struct export_wish {
    const char *source; /* "SERVER:/PATH" */
    const char *dir;    /* made when it is not there */
    bool is_writable;
    const char *options; /* of the site's own; NULL: none */
};

typedef void export_done_fn(void *ctx, const struct err *err);

/* 'fn' is called once, later, from the loop: 'err' NULL when it has been done. */
void export_mount(uv_loop_t *loop, const struct export_wish *wish, export_done_fn *fn,
                  void *ctx);
/* All that is mounted there; the directory goes, too. Nothing there is fine. */
void export_unmount(uv_loop_t *loop, const char *dir, export_done_fn *fn, void *ctx);
/* Asks the kernel, not the server. */
bool export_is_mounted(const char *dir);

#endif
