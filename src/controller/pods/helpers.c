/* SPDX-License-Identifier: Apache-2.0
 *
 * helpers.c - pods that a batch job brings along: waited for, told of, ended with it
 */
#include "controller/pods/helpers.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/ipv4.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "controller/dispatch.h"
#include "controller/hets.h"
#include "controller/objects/objects.h"
#include "wire/pack.h"

/* ------------------------------------------------------------------ members */

bool helpers_is_one(const struct ctl_job *cj)
{
    return cj->job.spec->pod && cj->job.spec->pod->helps;
}

struct ctl_job *helpers_leader(const struct controller *ctl, struct ctl_job *cj)
{
    return helpers_is_one(cj) ? hets_member(ctl, cj, 0) : cj;
}

struct ctl_job *helpers_member(const struct controller *ctl, const struct ctl_job *cj,
                               uint32_t i)
{
    struct ctl_job *member = hets_member(ctl, cj, i);

    return member && helpers_is_one(member) ? member : NULL;
}

uint32_t helpers_plain_size(const struct controller *ctl, const struct ctl_job *cj)
{
    uint32_t n = cj->job.record->het_size;

    for (uint32_t i = 0; i < cj->job.record->het_size; i++)
        n -= helpers_member(ctl, cj, i) != NULL;
    return n;
}

bool helpers_has(const struct controller *ctl, const struct ctl_job *cj)
{
    return !helpers_is_one(cj) &&
           helpers_plain_size(ctl, cj) < cj->job.record->het_size;
}

bool helpers_can_requeue(const struct controller *ctl, const struct ctl_job *cj)
{
    return helpers_plain_size(ctl, cj) <= 1;
}

/* ------------------------------------------------------------------ readiness */

static const Berth__PodStatus *status_of(const struct ctl_job *helper)
{
    return helper->pod ? helper->pod->record->pod : NULL;
}

static bool is_ready(const struct ctl_job *helper)
{
    const Berth__PodStatus *status = status_of(helper);
    enum job_state state = job_state_of(&helper->job);

    return (state == JOB_STARTING || state == JOB_RUNNING) && status && status->ready &&
           helper->pod->record->pod_epoch == helper->job.record->epoch;
}

static bool leads(const struct ctl_job *cj)
{
    return cj->job.record->het_leader && cj->job.record->het_leader == cj->id;
}

bool helpers_wait(const struct controller *ctl, const struct ctl_job *cj)
{
    const struct ctl_job *helper;

    if (job_state_of(&cj->job) != JOB_STARTING || !leads(cj))
        return false;
    for (uint32_t i = 1; i < cj->job.record->het_size; i++)
        if ((helper = helpers_member(ctl, cj, i)) && !is_ready(helper))
            return true;
    return false;
}

/* Why it is not ready: what its first container that waits says. */
static const char *reason_of(const struct ctl_job *helper)
{
    const Berth__PodStatus *status = status_of(helper);

    for (size_t i = 0; status && i < status->n_containers; i++)
        if (status->containers[i]->state == BERTH__CONTAINER_STATUS__STATE__WAITING &&
            *status->containers[i]->reason)
            return status->containers[i]->reason;
    return status && *status->phase ? status->phase : "Pending";
}

char *helpers_wait_words(const struct controller *ctl, const struct ctl_job *cj)
{
    struct strbuf words = STRBUF_INIT;
    const struct ctl_job *helper;

    strbuf_puts(&words, "helper pods are not ready:");
    for (uint32_t i = 1; i < cj->job.record->het_size; i++)
        if ((helper = helpers_member(ctl, cj, i)) && !is_ready(helper))
            strbuf_printf(&words, " %s (%s)", helper->job.spec->name,
                          reason_of(helper));
    return strbuf_take(&words);
}

void helpers_pod_changed(struct controller *ctl, const struct ctl_object *pod)
{
    struct ctl_job *leader =
        pod->job && helpers_is_one(pod->job) ? helpers_leader(ctl, pod->job) : NULL;

    if (leader && !leader->is_launched && job_state_of(&leader->job) == JOB_STARTING &&
        !helpers_wait(ctl, leader))
        dispatch_launch_committed(ctl, leader);
}

/* For how long it stood still before its launch, or its helpers did: the most. */
static int64_t time_stopped(const struct controller *ctl, const struct ctl_job *cj,
                            int64_t now)
{
    int64_t most = job_time_stopped(&cj->job, now), stood;
    const struct ctl_job *helper;

    for (uint32_t i = 1; i < cj->job.record->het_size; i++) {
        if (!(helper = helpers_member(ctl, cj, i)))
            continue;
        stood = job_time_stopped(&helper->job, now);
        most = stood > most ? stood : most;
    }
    return most;
}

/* Its lead counts from the launch, and the job has had its nodes while it waited; what
 * it stood still is no part of that. 0 or less: that was all. */
static int64_t time_left(const struct controller *ctl, const struct ctl_job *cj,
                         int64_t now)
{
    int64_t limit = job_time_limit(&cj->job);

    if (limit <= 0)
        return INT64_MAX;
    return cj->job.record->start_time + limit + time_stopped(ctl, cj, now) - now;
}

/* Nothing of it was sent to its node, so nothing has to be ended there. */
void helpers_check_wait(struct controller *ctl, struct ctl_job *cj, int64_t now)
{
    cleanup(freep) char *lacks = NULL, *words = NULL;
    int64_t patience = ctl->config->pods.helper_wait;
    int64_t counted = now - time_stopped(ctl, cj, now);
    bool is_late = time_left(ctl, cj, now) <= 0;
    struct job_change change = {.exit_code = 1};
    struct err err;

    if (cj->is_launched ||
        (!is_late && counted < cj->job.record->start_time + patience))
        return;
    lacks = helpers_wait_words(ctl, cj);
    words = xasprintf(
        "%s: %s", is_late ? "time limit" : "too long a wait (pods.helper_wait)", lacks);
    change.words = words;
    if (jobs_apply(ctl, cj, is_late ? EV_END_TIMEOUT : EV_REFUSE, now, &change, &err))
        log_error("job %" PRIu32 ": %s", cj->id, err.text);
}

/* ------------------------------------------------------------------ ends */

char *helpers_end_words(const struct ctl_job *helper)
{
    const Berth__PodStatus *status = status_of(helper);
    const char *words = helper->job.record->state_words;
    enum job_state state = job_state_of(&helper->job);

    if (!*words && status)
        words = *status->words ? status->words : status->reason;
    return xasprintf("helper pod %s %s%s%s", helper->job.spec->name,
                     state == JOB_COMPLETED   ? "has ended"
                     : state == JOB_CANCELLED ? "was ended"
                                              : "has failed",
                     *words ? ": " : "", words);
}

/* ------------------------------------------------------------------ environment */

static void add_line(Berth__JobSpec *spec, char *line)
{
    spec->env = xrealloc(spec->env, spec->n_env + 1, sizeof(*spec->env));
    spec->env[spec->n_env++] = line;
}

/* "my-db" is MY_DB. */
static char *variable_name(const char *name)
{
    char *upper = xstrdup(name);

    for (char *c = upper; *c; c++)
        *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
    return upper;
}

/* The job gets there: the node's own address, or one of the cluster's pods. What a pod
 * has without these is a network that nobody else is in. */
static bool is_reached(const struct controller *ctl, const Berth__PodStatus *status)
{
    struct ipv4_range cidr;
    uint32_t address;

    if (ipv4_parse(status->pod_ip, &address, NULL))
        return false;
    return strcmp(status->pod_ip, status->host_ip) == 0 ||
           (ctl->config->pods.cidr &&
            ipv4_range_parse(ctl->config->pods.cidr, &cidr, NULL) == 0 &&
            ipv4_range_has(cidr, address));
}

/* "10.88.1.7 db db-17": what the containers of the job find in /etc/hosts. */
static void add_host(Berth__JobSpec *spec, const struct ctl_job *helper)
{
    Berth__PodWish *wish = spec->pod;
    const Berth__PodStatus *status = status_of(helper);

    if (strcmp(helper->job.spec->pod->helper, "localhost") == 0)
        return;
    if (!wish) {
        wish = spec->pod = xmalloc(sizeof(*wish));
        berth__pod_wish__init(wish);
    }
    wish->hosts = xrealloc(wish->hosts, wish->n_hosts + 1, sizeof(*wish->hosts));
    wish->hosts[wish->n_hosts++] =
        xasprintf("%s %s %s", status->pod_ip, helper->job.spec->pod->helper,
                  helper->job.spec->name);
}

static void describe_one(const struct controller *ctl, const struct ctl_job *helper,
                         struct strbuf *names, Berth__JobSpec *spec)
{
    const Berth__PodStatus *status = status_of(helper);
    const char *name = helper->job.spec->pod->helper;
    cleanup(freep) char *upper = variable_name(name);

    strbuf_printf(names, "%s%s", names->len ? " " : "", name);
    add_line(spec, xasprintf("BERTH_POD_%s_NAME=%s", upper, helper->job.spec->name));
    add_line(spec, xasprintf("BERTH_POD_%s_JOB_ID=%" PRIu32, upper, helper->id));
    if (!status)
        return;
    add_line(spec, xasprintf("BERTH_POD_%s_NODE=%s", upper, status->node));
    add_line(spec, xasprintf("BERTH_POD_%s_IP=%s", upper, status->pod_ip));
    if (is_reached(ctl, status))
        add_host(spec, helper);
}

void helpers_describe(const struct controller *ctl, const struct ctl_job *cj,
                      Berth__JobSpec *spec)
{
    cleanup(strbuf_fini) struct strbuf names = STRBUF_INIT;
    const struct ctl_job *helper;
    int64_t left;

    /* A pod is told of no job that it helps, and stays until that has ended. */
    if (helpers_is_one(cj))
        spec->time_limit = TIME_UNLIMITED;
    if (!leads(cj))
        return;
    for (uint32_t i = 1; i < cj->job.record->het_size; i++)
        if ((helper = helpers_member(ctl, cj, i)))
            describe_one(ctl, helper, &names, spec);
    if (names.len == 0)
        return;
    add_line(spec, xasprintf("BERTH_PODS=%s", names.s));
    left = time_left(ctl, cj, controller_now());
    spec->time_limit = left == INT64_MAX ? TIME_UNLIMITED : left > 0 ? left : 1;
}
