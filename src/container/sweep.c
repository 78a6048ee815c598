/* SPDX-License-Identifier: Apache-2.0
 *
 * sweep.c - end all that a process has started, and what was left of it
 *
 * In a container that steps share, the PID namespace cannot be ended for one of them.
 * Orphans come to their step's first process, or to the container's: so who is whose is
 * seen from parents, in /proc. A process that is stopped cannot fork away: first all
 * that are found are stopped, then all are killed.
 */
#include "container/sweep.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define STAT_MAX 4096
#define PASSES_MAX 2000
#define PAUSE_NS 1000000

struct relative {
    pid_t pid, parent;
    bool is_ours, is_zombie;
};

struct family {
    struct relative *v;
    size_t n, cap;
};

static void add(struct family *family, const struct relative *one)
{
    if (family->n == family->cap) {
        family->cap = family->cap ? 2 * family->cap : 64;
        family->v = xrealloc(family->v, family->cap, sizeof(*family->v));
    }
    family->v[family->n++] = *one;
}

/* "17 (name with ) and spaces) S 1 ..." */
static bool read_relative(int proc, const char *name, struct relative *ret)
{
    char path[64], text[STAT_MAX];
    cleanup(closep) int fd = -1;
    const char *rest;
    ssize_t n;
    char state;
    int parent;

    (void)snprintf(path, sizeof(path), "%.20s/stat", name);
    fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return false;
    text[n] = 0;
    rest = strrchr(text, ')');
    if (!rest || sscanf(rest, ") %c %d", &state, &parent) != 2)
        return false;
    *ret = (struct relative){.pid = (pid_t)strtol(name, NULL, 10),
                             .parent = parent,
                             .is_zombie = state == 'Z' || state == 'X'};
    return true;
}

static int read_family(struct family *family)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    family->n = 0;
    if (!dir)
        return -errno;
    while ((entry = readdir(dir))) {
        struct relative one;

        if (isdigit((unsigned char)entry->d_name[0]) &&
            read_relative(dirfd(dir), entry->d_name, &one))
            add(family, &one);
    }
    (void)closedir(dir);
    return 0;
}

static bool has_our_parent(const struct family *family, const struct relative *one)
{
    if (one->parent == getpid())
        return true;
    for (size_t i = 0; i < family->n; i++)
        if (family->v[i].pid == one->parent)
            return family->v[i].is_ours;
    return false;
}

/* Children of ours, their children, and so on, in whatever order they stand. */
static void mark_ours(struct family *family)
{
    for (bool found = true; found;) {
        found = false;
        for (size_t i = 0; i < family->n; i++) {
            struct relative *one = &family->v[i];

            if (one->is_ours || !has_our_parent(family, one))
                continue;
            one->is_ours = found = true;
        }
    }
}

static size_t signal_ours(const struct family *family, int signo)
{
    size_t n = 0;

    for (size_t i = 0; i < family->n; i++) {
        if (!family->v[i].is_ours || family->v[i].is_zombie)
            continue;
        (void)kill(family->v[i].pid, signo);
        n++;
    }
    return n;
}

int sweep_descendants(void)
{
    struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct family family = {0};
    size_t left = 1;
    int rc = 0;

    for (int pass = 0; pass < PASSES_MAX && left && !rc; pass++) {
        rc = read_family(&family);
        mark_ours(&family);
        /* Stopped first, and seen again, before any of them is killed. */
        left = signal_ours(&family, pass % 2 ? SIGKILL : SIGSTOP);
        if (left && pass > 2)
            (void)nanosleep(&pause, NULL);
    }
    free(family.v);
    return rc ? rc : left ? -ETIMEDOUT : 0;
}
