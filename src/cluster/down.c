/* SPDX-License-Identifier: Apache-2.0
 *
 * down.c - end what is left of a cluster, in this order: daemons,
 * everything in its control groups and namespaces, the holders, mounts, the bridge,
 * files
 */
#include "cluster/cluster.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"

#define GRACE_MS 3000
#define KILL_MS 10000
#define STEP_MS 20
#define ENVIRONMENT_MAX (2 << 20)

static void rest(void)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

    (void)nanosleep(&step, NULL);
    /* After a failed 'up' the processes are our children. */
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

static bool daemons_are_alive(const struct cluster *c)
{
    if (process_is_alive(&c->controller) || process_is_alive(&c->fake))
        return true;
    for (size_t i = 0; i < c->n_nodes; i++)
        if (process_is_alive(&c->nodes[i].daemon))
            return true;
    return false;
}

static void stop_daemons(const struct cluster *c)
{
    (void)process_signal(&c->controller, SIGTERM);
    (void)process_signal(&c->fake, SIGTERM);
    for (size_t i = 0; i < c->n_nodes; i++)
        (void)process_signal(&c->nodes[i].daemon, SIGTERM);
    for (int ms = 0; ms < GRACE_MS && daemons_are_alive(c); ms += STEP_MS)
        rest();
    (void)process_signal(&c->controller, SIGKILL);
    (void)process_signal(&c->fake, SIGKILL);
    for (size_t i = 0; i < c->n_nodes; i++)
        (void)process_signal(&c->nodes[i].daemon, SIGKILL);
}

/* True when a process has our mark in its environment: it descends from one
 * that 'up' started. */
static bool has_mark(const struct cluster *c, pid_t pid)
{
    cleanup(freep) char *path = xasprintf("/proc/%d/environ", (int)pid);
    cleanup(freep) char *mark = xasprintf("BERTH_CLUSTER_DIR=%s", c->dir);
    cleanup(freep) char *environment = NULL;
    size_t len;

    if (io_read_file(path, ENVIRONMENT_MAX, &environment, &len, NULL) < 0)
        return false;
    for (size_t at = 0; at < len; at += strlen(environment + at) + 1)
        if (strcmp(environment + at, mark) == 0)
            return true;
    return false;
}

/* The inode of a namespace whose holder has gone may belong to another one by
 * now; then only a process with our mark counts. */
static bool is_inside(const struct cluster *c, pid_t pid)
{
    uint64_t net = cluster_ns_of(pid, "net");
    uint64_t user = c->user_ns ? cluster_ns_of(pid, "user") : 0;

    if (net == 0)
        return false;
    if (user && user == c->user_ns)
        return process_is_alive(&c->head) || has_mark(c, pid);
    for (size_t i = 0; i < c->n_nodes; i++)
        if (net == c->nodes[i].net_ns)
            return process_is_alive(&c->nodes[i].holder) || has_mark(c, pid);
    return false;
}

static bool is_holder(const struct cluster *c, pid_t pid)
{
    if (pid == c->head.pid)
        return true;
    for (size_t i = 0; i < c->n_nodes; i++)
        if (pid == c->nodes[i].holder.pid)
            return true;
    return false;
}

/* Kill what runs in the namespaces, except the holders. Returns how many there
 * were. */
static size_t kill_inside(const struct cluster *c)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    size_t n = 0;

    while (proc && (entry = readdir(proc))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        struct process process;

        if (!isdigit((unsigned char)entry->d_name[0]) || pid == getpid() ||
            process_find(pid, &process) < 0 || is_holder(c, pid) || !is_inside(c, pid))
            continue;
        if (process_signal(&process, SIGKILL) != -ESRCH)
            n++;
    }
    if (proc)
        (void)closedir(proc);
    return n;
}

static int empty_namespaces(const struct cluster *c, struct err *err)
{
    size_t left = kill_inside(c);

    for (int ms = 0; left && ms < KILL_MS; ms += STEP_MS) {
        rest();
        left = kill_inside(c);
    }
    if (left)
        return err_set(err, EBUSY, "%zu processes of cluster %s do not end", left,
                       c->name);
    return 0;
}

static void wait_for(const struct process *process)
{
    for (int ms = 0; ms < KILL_MS && process_is_alive(process); ms += STEP_MS)
        rest();
}

static void end_holders(const struct cluster *c)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        (void)process_signal(&c->nodes[i].holder, SIGKILL);
    (void)process_signal(&c->munged, SIGKILL);
    (void)process_signal(&c->head, SIGKILL);
    for (size_t i = 0; i < c->n_nodes; i++)
        wait_for(&c->nodes[i].holder);
    wait_for(&c->munged);
    wait_for(&c->head);
}

static bool is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && path[len] == '/';
}

/* What a killed node daemon left mounted in its directories, last made first. */
static void unmount_all(const struct cluster *c)
{
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    cleanup(strv_freep) char **ours = NULL;
    struct mntent *entry;

    while (mounts && (entry = getmntent(mounts)))
        if (is_below(entry->mnt_dir, c->dir) || is_below(entry->mnt_dir, c->data))
            strv_add(&ours, entry->mnt_dir);
    if (mounts)
        (void)endmntent(mounts);
    for (size_t i = strv_len(ours); i > 0; i--)
        (void)umount2(ours[i - 1], MNT_DETACH | UMOUNT_NOFOLLOW);
}

int cluster_take_down(const struct cluster *c, bool keep_images, struct err *err)
{
    int rc;

    stop_daemons(c);
    cluster_kill_groups(c);
    rc = empty_namespaces(c, err);
    if (rc == 0)
        rc = cluster_remove_groups(c, err);
    if (rc < 0)
        return rc;
    end_holders(c);
    if (c->uid == 0) {
        unmount_all(c);
        rc = cluster_remove_bridge(c, err);
    }
    return rc < 0 ? rc : cluster_remove_files(c, keep_images, err);
}
