/* SPDX-License-Identifier: Apache-2.0
 *
 * sink.c - a descriptor that takes bytes when it can
 *
 * fd 1 and 2 may be shared with other processes, so they are not made
 * non-blocking: poll(2) promises room for PIPE_BUF bytes, and no more than that
 * is written at a time.
 */
#include "cli/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

struct sink *sink_create(char *name, int fd)
{
    struct sink *sink = xcalloc(1, sizeof(*sink));
    struct stat st;

    sink->name = name;
    sink->fd = fd;
    sink->is_own = fd >= 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK);
    sink->may_block = fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
    return sink;
}

void sink_destroy(struct sink *sink)
{
    if (!sink)
        return;
    if (sink->name && sink->fd >= 0)
        close(sink->fd);
    free(sink->name);
    strbuf_fini(&sink->queue);
    free(sink);
}

void sink_take(struct sink *sink, const void *bytes, size_t len)
{
    if (sink->fd < 0 || sink->failure || len == 0)
        return;
    if (sink->may_block)
        strbuf_add(&sink->queue, bytes, len);
    else
        sink->failure = io_write_full(sink->fd, bytes, len);
}

void sink_flush(struct sink *sink)
{
    size_t left = sink_queued(sink);
    ssize_t n;

    if (left == 0)
        return;
    n = write(sink->fd, sink->queue.s + sink->sent,
              left < PIPE_BUF || sink->is_own ? left : PIPE_BUF);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n < 0)
        sink->failure = -errno;
    else
        sink->sent += (size_t)n;
    if (n < 0 || sink->sent == sink->queue.len) {
        strbuf_cut(&sink->queue, 0);
        sink->sent = 0;
    }
}

size_t sink_queued(const struct sink *sink)
{
    return sink->queue.len - sink->sent;
}
