/* SPDX-License-Identifier: Apache-2.0
 *
 * channel_local.c - channels on local sockets, where the kernel says who is there
 *
 * No opening, no credentials, no encryption: such a channel is open at once.
 */
#include "wire/channel_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "wire/net.h"

struct channel *channel_local(uv_loop_t *loop, int fd,
                              const struct channel_callbacks *cb, void *ctx,
                              struct err *err)
{
    struct channel *ch;
    struct peer peer = {0};
    int rc;

    rc = net_peer_local(fd, &peer, err);
    if (rc < 0) {
        closep(&fd);
        return NULL;
    }
    ch = channel_create(loop, cb, ctx);
    ch->local = true;
    ch->peer = peer;
    codec_init_clear(&ch->codec);
    net_prepare(fd);
    channel_watch(ch, fd);
    /* Frames may be sent from now on; the first kick calls on_open. */
    ch->state = CH_OPEN;
    channel_timer(ch, 0);
    return ch;
}

struct channel *channel_connect_local(uv_loop_t *loop, const char *path,
                                      const struct channel_callbacks *cb, void *ctx,
                                      struct err *err)
{
    int fd = net_connect_local(path, err);

    return fd < 0 ? NULL : channel_local(loop, fd, cb, ctx, err);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

/* libuv has accepted already; what we want is the plain descriptor. */
int channel_accept_fd(uv_stream_t *listener, struct err *err)
{
    union uv_any_handle *handle = xcalloc(1, sizeof(*handle));
    uv_os_fd_t fd = -1;
    int rc;

    if (listener->type == UV_NAMED_PIPE)
        (void)uv_pipe_init(listener->loop, &handle->pipe, 0);
    else
        (void)uv_tcp_init(listener->loop, &handle->tcp);
    rc = uv_accept(listener, &handle->stream);
    if (rc == 0)
        rc = uv_fileno(&handle->handle, &fd);
    if (rc == 0) {
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        rc = fd < 0 ? -errno : fd;
    }
    uv_close(&handle->handle, free_handle);
    return rc < 0 ? err_sys(err, -rc, "cannot accept a connection") : rc;
}

struct channel *channel_accept_local(uv_stream_t *listener,
                                     const struct channel_callbacks *cb, void *ctx,
                                     struct err *err)
{
    int fd = channel_accept_fd(listener, err);

    return fd < 0 ? NULL : channel_local(listener->loop, fd, cb, ctx, err);
}
