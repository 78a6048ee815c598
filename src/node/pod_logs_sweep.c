/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_logs_sweep.c - what containers of pods wrote, counted, and removed in time
 */
#include "node/log_bounds.h"
#include "node/pod_logs.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_MS 60000
#define ENDS_MAX 32 /* that may come before the next sweep */
#define DEPTH_MAX 4 /* of directories, of which leads make none */

struct sweep {
    uv_work_t work;
    struct node *node;
    char *dir;
    struct kept_log *logs;
    size_t n;
    uint64_t of_user, of_node;
};

/* ----------------------------------------------------------------- in the worker */

static uint64_t bytes_in(int parent, const char *name, unsigned int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    uint64_t sum = 0;

    if (!dir) {
        closep(&fd);
        return 0;
    }
    while ((entry = readdir(dir))) {
        struct stat st;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        sum += (uint64_t)st.st_blocks * 512;
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            sum += bytes_in(fd, entry->d_name, depth + 1);
    }
    (void)closedir(dir);
    return sum;
}

static void count(struct kept_log *log, const char *dir)
{
    cleanup(freep) char *path = xasprintf("%s/%u.%u", dir, log->job, log->epoch);
    cleanup(closep) int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstatat(fd, "user", &st, AT_SYMLINK_NOFOLLOW))
        return;
    log->uid = st.st_uid;
    log->bytes = bytes_in(fd, "user", 0);
}

static void remove_one(const struct kept_log *log, const char *dir)
{
    cleanup(freep) char *path = xasprintf("%s/%u.%u", dir, log->job, log->epoch);

    (void)io_remove_tree(path, NULL);
}

static void work(uv_work_t *req)
{
    struct sweep *sweep = req->data;

    for (size_t i = 0; i < sweep->n; i++)
        count(&sweep->logs[i], sweep->dir);
    log_bounds_choose(sweep->logs, sweep->n, time(NULL), sweep->of_user,
                      sweep->of_node);
    for (size_t i = 0; i < sweep->n; i++)
        if (sweep->logs[i].goes)
            remove_one(&sweep->logs[i], sweep->dir);
}

/* -------------------------------------------------------------------- on the loop */

static void after_work(uv_work_t *req, int status)
{
    struct sweep *sweep = req->data;

    (void)status;
    sweep->node->is_sweeping_logs = false;
    free(sweep->dir);
    free(sweep->logs);
    free(sweep);
}

/* The time is that of root's directory: the user's own is what he makes of it. */
static void touch(const struct node *node, uint32_t job, uint32_t epoch)
{
    cleanup(freep) char *path = pod_logs_dir(node, job, epoch);

    if (utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) && errno != ENOENT)
        log_warn("%s: %s", path, strerror(errno));
}

void pod_logs_ended(struct node *node, uint32_t job, uint32_t epoch)
{
    touch(node, job, epoch);
    if (++node->n_ended_logs >= ENDS_MAX)
        pod_logs_sweep(node);
}

/* Those of pods that run get the time, in case that nobody is here when they end. */
static void list_kept(struct sweep *sweep)
{
    DIR *dir = opendir(sweep->dir);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        cleanup(freep) char *path = xasprintf("%s/%s", sweep->dir, entry->d_name);
        struct kept_log log = {0};
        struct stat st;

        if (sscanf(entry->d_name, "%u.%u", &log.job, &log.epoch) != 2)
            continue;
        log.runs = job_has_shepherd(sweep->node, log.job, log.epoch);
        if (log.runs)
            touch(sweep->node, log.job, log.epoch);
        log.time = lstat(path, &st) == 0 ? st.st_mtime : 0;
        sweep->logs = xrealloc(sweep->logs, sweep->n + 1, sizeof(*sweep->logs));
        sweep->logs[sweep->n++] = log;
    }
    if (dir)
        (void)closedir(dir);
}

void pod_logs_sweep(struct node *node)
{
    struct sweep *sweep;

    if (node->is_sweeping_logs)
        return;
    sweep = xcalloc(1, sizeof(*sweep));
    sweep->node = node;
    sweep->dir = xstrdup(node->pod_logs_dir);
    sweep->of_user = node->config->pods.logs_user << 20;
    sweep->of_node = node->config->pods.logs_node << 20;
    sweep->work.data = sweep;
    list_kept(sweep);
    node->is_sweeping_logs = true;
    node->n_ended_logs = 0;
    (void)uv_queue_work(node->loop, &sweep->work, work, after_work);
}

static void on_timer(uv_timer_t *timer)
{
    pod_logs_sweep(timer->data);
}

/* ---------------------------------------------------------------------- the start */

/* Who else could write there could move what is a user's. */
static int check_dir(const char *path, struct err *err)
{
    struct stat st;

    if (lstat(path, &st) || !S_ISDIR(st.st_mode))
        return err_set(err, ENOTDIR, "%s is no directory", path);
    if (st.st_uid != geteuid() || (st.st_mode & 022))
        return err_set(err, EPERM,
                       "%s belongs to somebody else, or others may write "
                       "there",
                       path);
    return 0;
}

static int use_dir(struct node *node, char *path, struct err *err)
{
    int rc = io_mkdir_p(path, 0711, err);

    if (!rc)
        rc = check_dir(path, err);
    if (rc) {
        free(path);
        return rc;
    }
    node->pod_logs_dir = path;
    return 0;
}

static void find_dir(struct node *node)
{
    const char *wanted = node->config->pods.log_dir;
    struct err err;

    if (wanted && *wanted &&
        use_dir(node, config_node_dir(wanted, node->self->name), &err))
        log_warn("pods.log_dir: %s; what pods write is kept below %s", err.text,
                 node->run_dir);
    if (!node->pod_logs_dir &&
        use_dir(node, xasprintf("%s/pods", node->run_dir), &err)) {
        log_warn("logs of pods: %s", err.text);
        node->pod_logs_dir = xasprintf("%s/pods", node->run_dir);
    }
}

void pod_logs_start(struct node *node)
{
    uv_timer_t *timer = xcalloc(1, sizeof(*timer));

    find_dir(node);
    (void)uv_timer_init(node->loop, timer);
    timer->data = node;
    (void)uv_timer_start(timer, on_timer, SWEEP_MS, SWEEP_MS);
    uv_unref((uv_handle_t *)timer);
}
