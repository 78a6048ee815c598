/* SPDX-License-Identifier: Apache-2.0
 *
 * processes.c - what /proc tells of processes
 */
#include "node/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define STAT_MAX 4096

bool process_stat_parse(const char *text, long ticks, long page,
                        struct process_stat *ret)
{
    const char *name = strchr(text, '(');
    const char *end = strrchr(text, ')'); /* a name may hold anything */
    unsigned long long user, system;
    long rss;
    int parent;

    if (!name || !end || end < name ||
        sscanf(end + 1,
               " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d "
               "%*d %*d %*u %*u %ld",
               &ret->state, &parent, &user, &system, &rss) != 5)
        return false;
    ret->pid = (pid_t)strtol(text, NULL, 10);
    ret->parent = parent;
    ret->user_usec = user * 1000000 / (unsigned long)ticks;
    ret->system_usec = system * 1000000 / (unsigned long)ticks;
    ret->memory = rss > 0 ? (uint64_t)rss * (unsigned long)page : 0;
    (void)snprintf(ret->command, sizeof(ret->command), "[%.*s]", (int)(end - name - 1),
                   name + 1);
    return true;
}

static char *read_file(pid_t pid, const char *name, size_t *ret_len)
{
    cleanup(freep) char *path = xasprintf("/proc/%d/%s", (int)pid, name);
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = xcalloc(1, STAT_MAX);
    ssize_t n = fd < 0 ? -1 : read(fd, text, STAT_MAX - 1);

    *ret_len = n > 0 ? (size_t)n : 0;
    return text;
}

/* A kernel's thread and a zombie have none: then the name stays. */
static void read_command(struct process_stat *stat)
{
    size_t len, room = sizeof(stat->command) - 1;
    cleanup(freep) char *text = read_file(stat->pid, "cmdline", &len);

    while (len && !text[len - 1])
        len--;
    if (!len)
        return;
    len = len < room ? len : room;
    for (size_t i = 0; i < len; i++)
        stat->command[i] = (char)(isprint((unsigned char)text[i]) ? text[i] : ' ');
    stat->command[len] = '\0';
}

bool process_stat_read(pid_t pid, struct process_stat *ret)
{
    size_t len;
    cleanup(freep) char *text = read_file(pid, "stat", &len);

    if (!process_stat_parse(text, sysconf(_SC_CLK_TCK), sysconf(_SC_PAGESIZE), ret))
        return false;
    read_command(ret);
    return true;
}

/* All processes with their parents. */
static size_t read_all(struct process_stat **ret)
{
    DIR *proc = opendir("/proc");
    struct process_stat *all = NULL;
    struct dirent *entry;
    size_t n = 0;

    while (proc && (entry = readdir(proc))) {
        struct process_stat stat;
        size_t len;

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        cleanup(freep) char *text =
            read_file((pid_t)strtol(entry->d_name, NULL, 10), "stat", &len);
        if (!process_stat_parse(text, 1, 1, &stat))
            continue;
        all = xrealloc(all, n + 1, sizeof(*all));
        all[n++] = stat;
    }
    if (proc)
        (void)closedir(proc);
    *ret = all;
    return n;
}

size_t processes_below(pid_t ancestor, pid_t **ret)
{
    cleanup(freep) struct process_stat *all = NULL;
    size_t n_all = read_all(&all), n = 0;
    pid_t *found = NULL;

    /* Breadth first: 'found' is the queue, too. */
    for (size_t at = 0; at <= n; at++) {
        pid_t parent = at ? found[at - 1] : ancestor;

        for (size_t i = 0; i < n_all; i++) {
            if (all[i].parent != parent || n >= n_all)
                continue;
            found = xrealloc(found, n + 1, sizeof(*found));
            found[n++] = all[i].pid;
        }
    }
    *ret = found;
    return n;
}
