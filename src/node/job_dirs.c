/* SPDX-License-Identifier: Apache-2.0
 *
 * job_dirs.c - the directories of jobs on this node, and their end
 *
 * Shepherds make <run_dir>/job.JOB.EPOCH; the last one of a job takes it along. It
 * is renamed first and removed at leisure: a step that starts meanwhile makes a
 * new one and never loses it.
 */
#include "node/shepherd_priv.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct removal {
    uv_work_t work;
    char *path;
};

static void removal_work(uv_work_t *work)
{
    struct removal *removal = work->data;

    (void)io_remove_tree(removal->path, NULL);
}

static void removal_done(uv_work_t *work, int status)
{
    struct removal *removal = work->data;

    (void)status;
    free(removal->path);
    free(removal);
}

/* Remove a directory, in a worker. */
static void remove_later(struct node *node, const char *path)
{
    struct removal *removal = xcalloc(1, sizeof(*removal));

    removal->work.data = removal;
    removal->path = xstrdup(path);
    (void)uv_queue_work(node->loop, &removal->work, removal_work, removal_done);
}

bool job_has_shepherd(const struct node *node, uint32_t job, uint32_t epoch)
{
    const struct shepherd *shepherd;

    for (shepherd = node->shepherds; shepherd; shepherd = shepherd->hh.next)
        if (shepherd->job == job && shepherd->epoch == epoch)
            return true;
    return false;
}

void job_dir_remove_unless_used(struct node *node, uint32_t job, uint32_t epoch)
{
    cleanup(freep) char *path = NULL;
    cleanup(freep) char *aside = NULL;

    if (job_has_shepherd(node, job, epoch))
        return;
    path = xasprintf("%s/job.%u.%u", node->run_dir, job, epoch);
    aside = xasprintf("%s/gone.%u.%u.%u", node->run_dir, job, epoch, node->n_gone++);
    if (rename(path, aside) == 0)
        remove_later(node, aside);
    else if (errno != ENOENT)
        log_warn("%s: %s", path, strerror(errno));
}

void job_dirs_sweep(struct node *node)
{
    DIR *dir = opendir(node->run_dir);
    struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        cleanup(freep) char *path = xasprintf("%s/%s", node->run_dir, entry->d_name);
        unsigned int job, epoch;

        if (sscanf(entry->d_name, "job.%u.%u", &job, &epoch) == 2)
            job_dir_remove_unless_used(node, job, epoch);
        else if (strncmp(entry->d_name, "gone.", 5) == 0)
            remove_later(node, path);
    }
    (void)closedir(dir);
}
