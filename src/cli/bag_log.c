/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_log.c - what of a bag has ended, kept so that it can be gone on with
 */
#include "cli/bag_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define FIRST_LINE "# berth bag log 1\n"
#define HEADER \
    FIRST_LINE "# index attempt code signal node start seconds hash command\n"
#define COMPLETE "# complete\n"
#define LOG_MAX ((size_t)8 << 30)
#define WRITE_MS 100
#define SYNC_MS 1000
#define WRITE_BYTES (256u << 10)

/* ------------------------------------------------------------------ format */

void bag_entry_format(const struct bag_entry *entry, struct strbuf *sb)
{
    int64_t start_ms = entry->start_usec / 1000;
    uint64_t ms = entry->usec / 1000;

    strbuf_printf(sb,
                  "%" PRIu64 "\t%" PRIu32 "\t%d\t%d\t%s\t%" PRId64 ".%03" PRId64
                  "\t%" PRIu64 ".%03" PRIu64 "\t%016" PRIx64 "\t%s\n",
                  entry->index, entry->attempt, entry->code, entry->signo, entry->node,
                  start_ms / 1000, start_ms % 1000, ms / 1000, ms % 1000, entry->hash,
                  entry->command);
}

/* The number before the next tab; *at is then behind that. */
static bool take_number(const char *line, size_t len, size_t *at, unsigned int base,
                        uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;
    size_t start = *at;

    for (; *at < len && line[*at] != '\t'; ++*at) {
        char c = line[*at];
        unsigned int digit = c >= '0' && c <= '9'   ? (unsigned int)(c - '0')
                             : c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10
                                                    : 99;

        if (digit >= base || n > (max - digit) / base)
            return false;
        n = n * base + digit;
    }
    if (*at == start || *at == len)
        return false;
    ++*at;
    *ret = n;
    return true;
}

static bool skip_column(const char *line, size_t len, size_t *at)
{
    const char *tab = memchr(line + *at, '\t', len - *at);

    if (!tab)
        return false;
    *at = (size_t)(tab - line) + 1;
    return true;
}

bool bag_entry_parse(const char *line, size_t len, struct bag_entry *ret)
{
    uint64_t attempt, code, signo;
    size_t at = 0;

    *ret = (struct bag_entry){.node = ""};
    if (!take_number(line, len, &at, 10, UINT64_MAX, &ret->index) ||
        !take_number(line, len, &at, 10, UINT32_MAX, &attempt) ||
        !take_number(line, len, &at, 10, 255, &code) ||
        !take_number(line, len, &at, 10, 127, &signo) || !skip_column(line, len, &at) ||
        !skip_column(line, len, &at) || !skip_column(line, len, &at) ||
        !take_number(line, len, &at, 16, UINT64_MAX, &ret->hash))
        return false;
    ret->attempt = (uint32_t)attempt;
    ret->code = (int)code;
    ret->signo = (int)signo;
    return true;
}

/* -------------------------------------------------------------------- done */

struct success {
    uint64_t index, hash;
};

struct bag_done {
    struct success *list;
    size_t n, cap;
};

static int compare(const void *a, const void *b)
{
    const struct success *x = a, *y = b;

    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static void note_success(struct bag_done *done, const struct bag_entry *entry)
{
    if (entry->code || entry->signo)
        return;
    if (done->n == done->cap) {
        done->cap = done->cap ? done->cap * 2 : 1024;
        done->list = xrealloc(done->list, done->cap, sizeof(*done->list));
    }
    done->list[done->n++] = (struct success){entry->index, entry->hash};
}

int bag_done_read(const char *bytes, size_t len, struct bag_done **ret, size_t *ret_len,
                  bool *ret_complete, struct err *err)
{
    size_t first = sizeof(FIRST_LINE) - 1, at = 0;
    struct bag_done *done;

    /* One that was broken off within its first line holds nothing. */
    if (memcmp(bytes, FIRST_LINE, len < first ? len : first) != 0)
        return err_set(err, EINVAL, "not a log of berth run --bag");
    done = xcalloc(1, sizeof(*done));
    *ret_complete = true; /* nothing would be lost */
    while (at < len) {
        const char *line = bytes + at;
        const char *newline = memchr(line, '\n', len - at);
        struct bag_entry entry;

        if (!newline)
            break;
        if (*line != '#') {
            *ret_complete = false;
            if (!bag_entry_parse(line, (size_t)(newline - line), &entry))
                break;
            note_success(done, &entry);
        } else if (strncmp(line, COMPLETE, sizeof(COMPLETE) - 1) == 0) {
            *ret_complete = true;
        }
        at = (size_t)(newline - bytes) + 1;
    }
    if (done->n)
        qsort(done->list, done->n, sizeof(*done->list), compare);
    *ret_len = at;
    *ret = done;
    return 0;
}

void bag_done_destroy(struct bag_done *done)
{
    if (!done)
        return;
    free(done->list);
    free(done);
}

bool bag_done_has(const struct bag_done *done, uint64_t index, uint64_t hash)
{
    const struct success wanted = {index, hash};

    return done && done->n &&
           bsearch(&wanted, done->list, done->n, sizeof(wanted), compare);
}

size_t bag_done_count(const struct bag_done *done)
{
    return done ? done->n : 0;
}

/* -------------------------------------------------------------------- file */

struct bag_log {
    char *path;
    int fd;
    struct strbuf queue;
    int64_t written_ms, synced_ms; /* when last */
    bool is_unsynced, has_failed, is_complete;
};

/* What an earlier run left: keep it, refuse, or begin anew. */
static int settle_old(struct bag_log *log, bool resume, struct bag_done **ret_done,
                      struct err *err)
{
    cleanup(freep) char *bytes = NULL;
    size_t len = 0, good = 0;
    bool is_complete = true;
    int rc = io_read_fd(log->fd, LOG_MAX, &bytes, &len, err);

    if (!rc && len)
        rc = bag_done_read(bytes, len, ret_done, &good, &is_complete, err);
    if (rc)
        return err_wrap(err, "%s", log->path);
    if (!resume && len && !is_complete)
        return err_set(err, EEXIST,
                       "%s is of a run that was broken off: --resume goes on with it; "
                       "remove it to begin anew",
                       log->path);
    if (!resume) {
        bag_done_destroy(take(*ret_done));
        good = 0;
    }
    if (ftruncate(log->fd, (off_t)good) < 0 || lseek(log->fd, 0, SEEK_END) < 0)
        return err_sys(err, errno, "%s", log->path);
    if (good < sizeof(HEADER) - 1)
        strbuf_puts(&log->queue, HEADER);
    return 0;
}

int bag_log_open(const char *path, bool resume, struct bag_log **ret,
                 struct bag_done **ret_done, struct err *err)
{
    struct bag_log *log = xcalloc(1, sizeof(*log));
    int rc;

    *ret_done = NULL;
    log->path = xstrdup(path);
    log->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (log->fd < 0)
        rc = err_sys(err, errno, "--bag-log: %s", path);
    else if (flock(log->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        rc = err_set(err, EBUSY, "%s: another bag writes to it now", path);
    else
        rc = settle_old(log, resume, ret_done, err);
    if (!rc)
        rc = bag_log_flush(log, 0, true, err);
    if (!rc) {
        *ret = log;
        return 0;
    }
    bag_log_close(log);
    bag_done_destroy(take(*ret_done));
    return rc;
}

void bag_log_add(struct bag_log *log, const struct bag_entry *entry)
{
    bag_entry_format(entry, &log->queue);
}

static int fail(struct bag_log *log, int code, struct err *err)
{
    log->has_failed = true;
    return err_sys(err, code, "%s: what ends from now on is not recorded", log->path);
}

int bag_log_flush(struct bag_log *log, int64_t now, bool all, struct err *err)
{
    if (log->has_failed)
        return 0;
    if (log->queue.len &&
        (all || now - log->written_ms >= WRITE_MS || log->queue.len >= WRITE_BYTES)) {
        int rc = io_write_full(log->fd, log->queue.s, log->queue.len);

        if (rc < 0)
            return fail(log, -rc, err);
        strbuf_cut(&log->queue, 0);
        log->written_ms = now;
        log->is_unsynced = true;
    }
    if (log->is_unsynced && (all || now - log->synced_ms >= SYNC_MS)) {
        if (fdatasync(log->fd) < 0 && errno != EINVAL && errno != EROFS)
            return fail(log, errno, err);
        log->is_unsynced = false;
        log->synced_ms = now;
    }
    return 0;
}

int64_t bag_log_due_in(const struct bag_log *log, int64_t now)
{
    int64_t due = log->queue.len     ? log->written_ms + WRITE_MS
                  : log->is_unsynced ? log->synced_ms + SYNC_MS
                                     : -1;

    if (due < 0 || log->has_failed)
        return -1;
    return due > now ? due - now : 0;
}

void bag_log_complete(struct bag_log *log)
{
    strbuf_puts(&log->queue, COMPLETE);
}

void bag_log_close(struct bag_log *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    strbuf_fini(&log->queue);
    free(log->path);
    free(log);
}
