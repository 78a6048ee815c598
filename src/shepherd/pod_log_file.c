/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_log_file.c - what one run of a container wrote, in files with times
 */
#include "shepherd/pod_log_file.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct pod_log_file {
    char *path, *old;
    int fd;
    uint64_t size, max;
    struct strbuf part[2]; /* of a line of each stream */
    struct strbuf out;     /* to be written */
    bool is_broken;
};

static int open_new(struct pod_log_file *file, struct err *err)
{
    file->fd =
        open(file->path,
             O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    file->size = 0;
    return file->fd < 0 ? err_sys(err, errno, "%s", file->path) : 0;
}

int pod_log_file_create(const char *path, uint64_t max, struct pod_log_file **ret,
                        struct err *err)
{
    struct pod_log_file *file = xcalloc(1, sizeof(*file));
    int rc;

    file->path = xstrdup(path);
    file->old = xasprintf("%s.old", path);
    file->max = max ? max : POD_LOG_FILE_MAX;
    (void)unlink(file->old);
    rc = open_new(file, err);
    if (rc)
        pod_log_file_close(file, 0);
    else
        *ret = file;
    return rc;
}

/* Written whole, so that no line is torn between two files. */
static int flush(struct pod_log_file *file, struct err *err)
{
    int rc = 0;

    if (!file->out.len)
        return 0;
    if (file->size && file->size + file->out.len > file->max) {
        closep(&file->fd);
        if (rename(file->path, file->old))
            rc = err_sys(err, errno, "%s", file->path);
        if (!rc)
            rc = open_new(file, err);
    }
    if (!rc && io_write_full(file->fd, file->out.s, file->out.len))
        rc = err_sys(err, errno, "%s", file->path);
    file->size += file->out.len;
    strbuf_cut(&file->out, 0);
    if (!rc || file->is_broken)
        return 0;
    file->is_broken = true;
    return rc;
}

static void add_line(struct pod_log_file *file, unsigned int stream, bool is_whole,
                     int64_t usec)
{
    struct strbuf *part = &file->part[stream - 1];
    time_t seconds = (time_t)(usec / 1000000);
    char when[32];
    struct tm tm;

    (void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
    strbuf_printf(&file->out, "%s.%06d000Z %s %c ", when, (int)(usec % 1000000),
                  stream == 1 ? "stdout" : "stderr", is_whole ? 'F' : 'P');
    strbuf_add(&file->out, part->s ? part->s : "", part->len);
    strbuf_puts(&file->out, "\n");
    strbuf_cut(part, 0);
}

/* Up to the end of a line, or as much as one line of the file may have. */
static size_t take_some(struct pod_log_file *file, unsigned int stream,
                        const char *bytes, size_t len, int64_t usec)
{
    struct strbuf *part = &file->part[stream - 1];
    const char *end = memchr(bytes, '\n', len);
    size_t want = end ? (size_t)(end - bytes) : len;
    size_t room = POD_LOG_LINE_MAX - part->len;

    if (want > room) {
        strbuf_add(part, bytes, room);
        add_line(file, stream, false, usec);
        return room;
    }
    strbuf_add(part, bytes, want);
    if (!end)
        return want;
    add_line(file, stream, true, usec);
    return want + 1;
}

int pod_log_file_write(struct pod_log_file *file, unsigned int stream,
                       const char *bytes, size_t len, int64_t usec, struct err *err)
{
    int rc = 0;

    while (len) {
        size_t n = take_some(file, stream, bytes, len, usec);

        bytes += n;
        len -= n;
        /* Pieces, so that a file is not much larger than it may be. */
        if (file->out.len >= file->max / 4 && !rc)
            rc = flush(file, err);
    }
    return rc ? rc : flush(file, err);
}

void pod_log_file_close(struct pod_log_file *file, int64_t usec)
{
    if (!file)
        return;
    for (unsigned int stream = 1; stream <= 2; stream++)
        if (file->part[stream - 1].len)
            add_line(file, stream, false, usec);
    if (file->fd >= 0)
        (void)flush(file, NULL);
    closep(&file->fd);
    for (int i = 0; i < 2; i++)
        strbuf_fini(&file->part[i]);
    strbuf_fini(&file->out);
    free(file->path);
    free(file->old);
    free(file);
}

/* ------------------------------------------------------------------------ tail */

/* The text of a line of the file; NULL: it is none. */
static const char *text_of(const char *line, bool *ret_whole)
{
    const char *tag = strchr(line, ' ');

    tag = tag ? strchr(tag + 1, ' ') : NULL;
    if (!tag || !tag[1] || tag[2] != ' ')
        return NULL;
    *ret_whole = tag[1] == 'F';
    return tag + 3;
}

static char *read_end(const char *path, size_t bytes)
{
    cleanup(closep) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    size_t want = (uint64_t)size < bytes ? (size_t)size : bytes;
    char *text = xcalloc(1, want + 1);
    ssize_t n = fd < 0 ? 0 : pread(fd, text, want, size - (off_t)want);
    char *first;

    text[n > 0 ? n : 0] = '\0';
    /* Not from the middle of a line. */
    first = (uint64_t)size > bytes ? strchr(text, '\n') : NULL;
    if (first)
        memmove(text, first + 1, strlen(first + 1) + 1);
    return text;
}

/* Of 'text' what fits. */
static char *last_of(const char *text, size_t len, size_t lines, size_t bytes)
{
    size_t from = len;
    size_t seen = 0;

    while (from && len - from < bytes) {
        if (text[from - 1] == '\n' && from < len && ++seen == lines)
            break;
        from--;
    }
    return xstrndup(text + from, len - from);
}

char *pod_log_file_tail(const char *path, size_t lines, size_t bytes)
{
    /* Times and short lines: many times what is wanted. */
    cleanup(freep) char *raw = read_end(path, 32 * bytes);
    struct strbuf all = STRBUF_INIT;
    char *rest = raw, *line, *ret;

    while ((line = strsep(&rest, "\n"))) {
        bool is_whole;
        const char *text = text_of(line, &is_whole);

        if (text)
            strbuf_printf(&all, "%s%s", text, is_whole ? "\n" : "");
    }
    ret = last_of(all.s ? all.s : "", all.len, lines, bytes);
    strbuf_fini(&all);
    return ret;
}
