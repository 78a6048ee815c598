/* SPDX-License-Identifier: Apache-2.0
 *
 * usage.c - a walk that can be put down at any entry
 *
 * Of the directories on the way only one is open: the others are kept by their paths
 * from the top, opened again without following links. So depth costs no descriptors,
 * and whatever is moved meanwhile leads nowhere else.
 */
#include "volume/usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "volume/below.h"

struct usage {
    int top;
    uint32_t major, minor; /* of its file system */
    char **waiting;        /* paths from the top of directories not read yet */
    size_t n_waiting, cap;
    char *path; /* of the one that is read */
    DIR *dir;
    uint64_t bytes;
};

static void wait_for(struct usage *u, char *path)
{
    if (u->n_waiting == u->cap) {
        u->cap = u->cap ? 2 * u->cap : 16;
        u->waiting = xrealloc(u->waiting, u->cap, sizeof(*u->waiting));
    }
    u->waiting[u->n_waiting++] = path;
}

struct usage *usage_create(int dir)
{
    struct usage *u;
    struct statx st;
    int top = below_open(dir, "", O_PATH | O_DIRECTORY);

    if (top < 0)
        return NULL;
    if (statx(top, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st)) {
        (void)close(top);
        return NULL;
    }
    u = xcalloc(1, sizeof(*u));
    u->top = top;
    u->major = st.stx_dev_major;
    u->minor = st.stx_dev_minor;
    wait_for(u, xstrdup(""));
    return u;
}

void usage_destroy(struct usage *u)
{
    if (!u)
        return;
    for (size_t i = 0; i < u->n_waiting; i++)
        free(u->waiting[i]);
    free(u->waiting);
    free(u->path);
    if (u->dir)
        (void)closedir(u->dir);
    (void)close(u->top);
    free(u);
}

static uint64_t thread_usec(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void close_dir(struct usage *u)
{
    (void)closedir(u->dir);
    u->dir = NULL;
    free(take(u->path));
}

/* The next directory that waits, or the one after it when it has gone. */
static void open_next(struct usage *u)
{
    int fd;

    u->path = u->waiting[--u->n_waiting];
    fd = below_open(u->top, u->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    u->dir = fd < 0 ? NULL : fdopendir(fd);
    if (!u->dir) {
        if (fd >= 0)
            (void)close(fd);
        free(take(u->path));
    }
}

static void count(struct usage *u, const char *name)
{
    struct statx st;

    if (statx(dirfd(u->dir), name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
              STATX_TYPE | STATX_NLINK | STATX_BLOCKS, &st) ||
        st.stx_dev_major != u->major || st.stx_dev_minor != u->minor)
        return;
    /* All names of a file are in the volume: none can be made across its mounts. */
    u->bytes += st.stx_blocks * 512 /
                (S_ISDIR(st.stx_mode) || !st.stx_nlink ? 1 : st.stx_nlink);
    if (S_ISDIR(st.stx_mode))
        wait_for(u, xasprintf("%s%s%s", u->path, u->path[0] ? "/" : "", name));
}

static void step(struct usage *u)
{
    const struct dirent *entry;

    if (!u->dir) {
        open_next(u);
        return;
    }
    entry = readdir(u->dir);
    if (!entry)
        close_dir(u);
    else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
        count(u, entry->d_name);
}

bool usage_step(struct usage *u, uint64_t usec)
{
    uint64_t end = thread_usec() + usec;

    for (unsigned int i = 0; u->dir || u->n_waiting; i++) {
        /* Asking for the time costs as much as an entry. */
        if (i && i % 16 == 0 && thread_usec() >= end)
            return false;
        step(u);
    }
    return true;
}

uint64_t usage_bytes(const struct usage *u)
{
    return u->bytes;
}
