/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_evict.c - pods that have to leave their node
 */
#include "controller/pods/pod_evict.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "affinity/node_labels.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "controller/dispatch.h"
#include "controller/jobs.h"
#include "controller/node_taints.h"
#include "controller/objects/objects.h"
#include "controller/pods/pod_nodes.h"

#define UNREACHABLE "node.kubernetes.io/unreachable"
#define NO_EXECUTE "NoExecute"
#define NEVER INT64_MAX

/* NULL: it stays, as a job; so does a helper, which goes when its job does. */
static const Berth__PodPlace *place_of(const struct ctl_job *cj)
{
    const Berth__PodWish *wish = cj->pod ? cj->job.spec->pod : NULL;

    return wish && !wish->helps ? wish->place : NULL;
}

static bool is_leaving(const struct ctl_job *cj)
{
    return job_state_of(&cj->job) == JOB_COMPLETING;
}

static void evict(struct controller *ctl, struct ctl_job *cj, const char *words)
{
    bool ends = strcmp(cj->job.spec->requeue, "no") == 0;
    struct job_change change = {.then = ends ? THEN_EVICTED : THEN_REQUEUE_EVICTED,
                                .words = words};
    struct err err;

    if (is_leaving(cj))
        return;
    objects_event(ctl, cj->pod, true, "Evicted", "%s", words);
    if (jobs_apply(ctl, cj, EV_LEAVE, controller_now(), &change, &err))
        log_error("job %" PRIu32 ": %s", cj->id, err.text);
    else
        dispatch_leave_committed(ctl, cj, 0, words);
}

/* The jobs on it now, NULL behind the last: they may leave it while they are gone
 * through. */
static struct ctl_job **jobs_on(const struct ctl_node *node)
{
    struct ctl_job **jobs = xcalloc(node->n_jobs + 1, sizeof(*jobs));

    for (size_t i = 0; i < node->n_jobs; i++)
        jobs[i] = node->jobs[i];
    return jobs;
}

void pod_evict_all(struct controller *ctl, struct ctl_node *node, const char *reason)
{
    cleanup(freep) struct ctl_job **jobs = jobs_on(node);
    cleanup(freep) char *words =
        xasprintf("evicted: node %s is drained: %s", node->config->name, reason);

    for (size_t i = 0; jobs[i]; i++)
        if (place_of(jobs[i]))
            evict(ctl, jobs[i], words);
}

/* ------------------------------------------------------------------ taints */

/* When the pod has to go, and for which of 'taints'. */
static int64_t leaves_at(const struct ctl_node *node, const struct ctl_job *cj,
                         char **taints, const char **ret_taint)
{
    const Berth__PodPlace *place = place_of(cj);
    int64_t first = NEVER;

    strv_foreach (words, taints) {
        cleanup(taint_words_fini) struct taint_words taint = {0};
        int64_t stay, since = node_taint_since(node, *words);

        if (taint_parse(*words, &taint, NULL) || strcmp(taint.effect, NO_EXECUTE) != 0)
            continue;
        stay = taint_stay(place, taint.key, taint.value, taint.effect);
        if (since < cj->job.record->start_time)
            since = cj->job.record->start_time;
        if (stay == STAYS_FOR_EVER || since + stay >= first)
            continue;
        first = since + stay;
        *ret_taint = *words;
    }
    return first;
}

static void look(struct controller *ctl, struct ctl_node *node, int64_t now)
{
    cleanup(strv_freep) char **taints = pod_nodes_taints(ctl, node->index);
    cleanup(freep) struct ctl_job **jobs = jobs_on(node);

    node->evict_at = NEVER;
    for (size_t i = 0; taints && jobs[i]; i++) {
        const char *taint = NULL;
        int64_t at = NEVER;

        if (place_of(jobs[i]) && !is_leaving(jobs[i]))
            at = leaves_at(node, jobs[i], taints, &taint);
        if (at > now) {
            node->evict_at = at < node->evict_at ? at : node->evict_at;
        } else {
            cleanup(freep) char *words = xasprintf("evicted: node %s has the taint %s",
                                                   node->config->name, taint);

            evict(ctl, jobs[i], words);
        }
    }
}

/* ------------------------------------------------------------------ lost nodes */

static int64_t stay_of(const struct ctl_job *cj)
{
    const Berth__PodPlace *place = place_of(cj);

    return place && !is_leaving(cj) ? taint_stay(place, UNREACHABLE, "", NO_EXECUTE)
                                    : 0;
}

bool pod_evict_stays(struct controller *ctl, const struct ctl_node *node,
                     const struct ctl_job *cj)
{
    int64_t stay = stay_of(cj);

    if (stay == STAYS_FOR_EVER)
        objects_event(ctl, cj->pod, true, "NodeNotReady",
                      "node %s is lost; the pod stays", node->config->name);
    else if (stay > 0)
        objects_event(ctl, cj->pod, true, "NodeNotReady",
                      "node %s is lost; the pod stays for %" PRId64 " seconds",
                      node->config->name, stay);
    return stay > 0;
}

static void lose_late(struct controller *ctl, struct ctl_node *node, int64_t now)
{
    cleanup(freep) struct ctl_job **jobs = jobs_on(node);
    cleanup(freep) char *words = xasprintf("node %s was lost", node->config->name);
    struct job_change change = {.words = words};
    struct err err;

    for (size_t i = 0; jobs[i]; i++) {
        int64_t stay = stay_of(jobs[i]);

        if (stay == STAYS_FOR_EVER || node->lost_at + stay > now)
            continue;
        if (jobs_apply(ctl, jobs[i], EV_LOST, now, &change, &err))
            log_error("job %" PRIu32 ": %s", jobs[i]->id, err.text);
    }
}

void pod_evict_tick(struct controller *ctl, int64_t now)
{
    for (size_t i = 0; i < ctl->config->n_nodes; i++) {
        struct ctl_node *node = &ctl->nodes[i];

        if (node->n_jobs == 0)
            continue;
        if (node->state == NODE_DOWN)
            lose_late(ctl, node, now);
        else if (now >= node->evict_at)
            look(ctl, node, now);
    }
}
