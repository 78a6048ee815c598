/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_log_show.c - what a container of a pod wrote, out of its files
 *
 *     PATH.old, then PATH: lines "TIME stream F|P text"
 *
 * With a tail they are read twice: how many lines there are, then the last of them.
 */
#include "cli/pod_log_show.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define LOOK_MS 200
#define CHUNK 65536

/* --------------------------------------------------------------------- finding */

/* The number of a file "CONTAINER.NUMBER.log"; -1: it is another's. */
static int run_of(const char *file, const char *container)
{
    size_t len = strlen(container);
    unsigned int run;
    int end = 0;

    if (strncmp(file, container, len) != 0 || file[len] != '.' ||
        sscanf(file + len, ".%u.log%n", &run, &end) != 1 || !end ||
        file[len + (size_t)end])
        return -1;
    return (int)run;
}

static int last_run(const char *dir, const char *container)
{
    DIR *at = opendir(dir);
    const struct dirent *entry;
    int last = -1;

    while (at && (entry = readdir(at))) {
        int run = run_of(entry->d_name, container);

        last = run > last ? run : last;
    }
    if (at)
        (void)closedir(at);
    return last;
}

int pod_log_find(const char *dir, const char *container, unsigned int back, char **ret,
                 struct err *err)
{
    cleanup(freep) char *file = xasprintf("%s/first", dir);
    cleanup(freep) char *first = NULL;
    int run;

    if (!container[0] && io_read_file(file, NAME_MAX, &first, NULL, err))
        return -err->code;
    if (first)
        container = first;
    run = last_run(dir, container) - (int)back;
    if (run < 0)
        return err_set(err, ENOENT, "container '%s' has no %srun", container,
                       back ? "earlier " : "");
    *ret = xasprintf("%s/%s.%d.log", dir, container, run);
    return 0;
}

/* --------------------------------------------------------------------- showing */

struct shown {
    const struct pod_log_query *query;
    int out;
    uint64_t skip;    /* lines before those that are wanted */
    uint64_t lines;   /* that were counted */
    uint64_t written; /* bytes */
    bool is_counting;
    bool in_line;        /* the line before goes on */
    struct strbuf ready; /* to be written */
};

/* A line of the file, apart. */
struct part {
    const char *time, *text;
    size_t time_len, len;
    bool is_whole;
};

static bool take_apart(const char *line, size_t len, struct part *ret)
{
    const char *end = line + len;
    const char *stream = memchr(line, ' ', len);
    const char *tag =
        stream ? memchr(stream + 1, ' ', (size_t)(end - stream - 1)) : NULL;

    if (!tag || end - tag < 3 || tag[2] != ' ')
        return false;
    *ret = (struct part){.time = line,
                         .time_len = (size_t)(stream - line),
                         .text = tag + 3,
                         .len = (size_t)(end - tag - 3),
                         .is_whole = tag[1] == 'F'};
    return true;
}

static bool is_recent(const struct shown *shown, const struct part *part)
{
    char text[40] = "";
    struct tm tm = {0};

    if (!shown->query->since)
        return true;
    memcpy(text, part->time,
           part->time_len < sizeof(text) ? part->time_len : sizeof(text) - 1);
    return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) &&
           timegm(&tm) >= shown->query->since;
}

static void show(struct shown *shown, const struct part *part)
{
    if (shown->query->timestamps && !shown->in_line) {
        strbuf_add(&shown->ready, part->time, part->time_len);
        strbuf_puts(&shown->ready, " ");
    }
    strbuf_add(&shown->ready, part->text, part->len);
    if (part->is_whole)
        strbuf_puts(&shown->ready, "\n");
}

static void take_line(struct shown *shown, const char *line, size_t len)
{
    struct part part;
    bool begins = !shown->in_line;

    if (!take_apart(line, len, &part) || !is_recent(shown, &part))
        return;
    if (begins)
        shown->lines++;
    if (!shown->is_counting && shown->lines > shown->skip)
        show(shown, &part);
    shown->in_line = !part.is_whole;
}

/* 1: enough was written. */
static int flush(struct shown *shown, struct err *err)
{
    uint64_t limit = shown->query->limit;
    size_t n = shown->ready.len;
    bool is_full = limit && shown->written + n >= limit;

    if (is_full)
        n = (size_t)(limit - shown->written);
    if (n && io_write_full(shown->out, shown->ready.s, n))
        return errno == EPIPE ? -EPIPE : err_sys(err, errno, "write");
    shown->written += n;
    strbuf_cut(&shown->ready, 0);
    return is_full;
}

/* What is in the file from where we are; 'rest' keeps the begin of a line. */
static int read_on(struct shown *shown, int fd, struct strbuf *rest, struct err *err)
{
    char bytes[CHUNK];
    ssize_t n;
    int rc = 0;

    while (!rc && (n = read(fd, bytes, sizeof(bytes))) != 0) {
        size_t at = 0;
        const char *end;

        if (n < 0)
            return err_sys(err, errno, "read");
        strbuf_add(rest, bytes, (size_t)n);
        while ((end = memchr(rest->s + at, '\n', rest->len - at))) {
            take_line(shown, rest->s + at, (size_t)(end - rest->s) - at);
            at = (size_t)(end - rest->s) + 1;
        }
        memmove(rest->s, rest->s + at, rest->len - at);
        strbuf_cut(rest, rest->len - at);
        rc = flush(shown, err);
    }
    return rc;
}

static int open_log(const char *path)
{
    return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

/* All that is there once, first the file that was set aside. Leaves '*ret_fd' at the
 * end of the other one. */
static int read_both(struct shown *shown, const char *path, int *ret_fd,
                     struct strbuf *rest, struct err *err)
{
    cleanup(freep) char *old = xasprintf("%s.old", path);
    cleanup(closep) int old_fd = -1;
    int rc = 0;

    shown->lines = 0;
    shown->in_line = false;
    /* This one first: set aside meanwhile, it is read twice rather than not at all. */
    *ret_fd = open_log(path);
    if (*ret_fd < 0)
        return err_sys(err, errno, "%s", path);
    old_fd = open_log(old);
    if (old_fd >= 0)
        rc = read_on(shown, old_fd, rest, err);
    strbuf_cut(rest, 0);
    return rc ? rc : read_on(shown, *ret_fd, rest, err);
}

static bool was_replaced(int fd, const char *path)
{
    struct stat ours, now;

    return fstat(fd, &ours) == 0 && stat(path, &now) == 0 && ours.st_ino != now.st_ino;
}

static int follow(struct shown *shown, const char *path, int *fd, struct strbuf *rest,
                  struct err *err)
{
    struct pollfd pfd = {.fd = shown->query->until, .events = POLLIN};
    bool is_last = false;
    int rc = 0;

    while (!rc && !is_last) {
        bool replaced;

        is_last = poll(&pfd, 1, LOOK_MS) > 0;
        replaced = was_replaced(*fd, path);
        rc = read_on(shown, *fd, rest, err);
        if (!rc && replaced) {
            closep(fd);
            *fd = open_log(path);
            rc = *fd < 0 ? 1 : read_on(shown, *fd, rest, err);
        }
    }
    return rc;
}

static int count(struct shown *shown, const char *path, struct err *err)
{
    struct strbuf rest = STRBUF_INIT;
    cleanup(closep) int fd = -1;
    int rc;

    shown->is_counting = true;
    rc = read_both(shown, path, &fd, &rest, err);
    shown->is_counting = false;
    strbuf_fini(&rest);
    if (shown->lines > (uint64_t)shown->query->tail)
        shown->skip = shown->lines - (uint64_t)shown->query->tail;
    return rc;
}

int pod_log_show(const char *path, const struct pod_log_query *query, int out,
                 struct err *err)
{
    struct shown shown = {.query = query, .out = out};
    struct strbuf rest = STRBUF_INIT;
    cleanup(closep) int fd = -1;
    int rc = 0;

    if (query->tail >= 0)
        rc = count(&shown, path, err);
    if (!rc)
        rc = read_both(&shown, path, &fd, &rest, err);
    if (!rc && query->until >= 0)
        rc = follow(&shown, path, &fd, &rest, err);
    strbuf_fini(&rest);
    strbuf_fini(&shown.ready);
    return rc < 0 ? rc : 0;
}
