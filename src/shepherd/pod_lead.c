/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_lead.c - the life of a pod on its node
 *
 *     manifest read --> exports mounted --> volumes, sandbox, network --> PREPARED
 *         --> what src/pod says, until it is over --> the job has ended
 */
#include "shepherd/pod_lead.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "objects/bounds.h"
#include "objects/identity.h"
#include "shepherd/group.h"
#include "shepherd/pod_exports.h"
#include "shepherd/pod_image.h"
#include "shepherd/pod_log.h"
#include "shepherd/pod_mounts.h"
#include "shepherd/pod_network.h"
#include "shepherd/pod_probes.h"
#include "shepherd/pod_report.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

int64_t pod_lead_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ------------------------------------------------------------------- what to do */

static void carry_out(struct pod_lead *pl, const struct pod_todo *todo)
{
    struct pod_member *member = &pl->members[todo->container];

    switch (todo->kind) {
    case POD_NOTHING:
    case POD_OVER:
        break;
    case POD_GET_IMAGE:
        pod_image_get(member);
        break;
    case POD_START:
        pod_run_start(member, todo->attempt);
        break;
    case POD_RUN_HOOK:
        pod_probes_hook(member, todo);
        break;
    case POD_STOP_HOOK:
        pod_probes_stop_hook(member, todo);
        break;
    case POD_RUN_PROBE:
        pod_probes_probe(member, todo);
        break;
    case POD_STOP_PROBE:
        pod_probes_stop_probe(member, todo);
        break;
    case POD_SIGNAL:
        if (member->run)
            pod_run_signal(member->run, todo->signal);
        break;
    case POD_KILL:
        if (member->run)
            pod_run_kill(member->run);
        break;
    }
}

static void on_timer(uv_timer_t *timer);

static void wait_until(struct pod_lead *pl, int64_t at)
{
    int64_t wait = at - pod_lead_now();

    if (at == POD_NEVER)
        (void)uv_timer_stop(&pl->timer);
    else
        (void)uv_timer_start(&pl->timer, on_timer,
                             wait > 0 ? (uint64_t)(wait + 999) / 1000 : 0, 0);
}

/* The code of the first container that failed; of init containers too. */
static void settle_exit(struct pod_lead *pl, int *ret_code, int *ret_signal)
{
    const struct pod_status *status = pod_status(pl->pod);

    *ret_code = status->phase == POD_FAILED;
    *ret_signal = 0;
    for (size_t i = 0; status->phase == POD_FAILED && i < status->n_containers; i++) {
        const struct pod_end *end = &status->containers[i].end;

        if (!end->start || (!end->exit_code && !end->exit_signal))
            continue;
        *ret_code = end->exit_signal ? 0 : end->exit_code;
        *ret_signal = end->exit_signal;
        return;
    }
}

static bool lacked_memory(struct pod_lead *pl)
{
    const struct pod_status *status = pod_status(pl->pod);

    for (size_t i = 0; i < status->n_containers; i++)
        if (strcmp(status->containers[i].end.reason, "OOMKilled") == 0)
            return true;
    return false;
}

static void finish(struct pod_lead *pl)
{
    struct lead *lead = pl->lead;
    struct berth_cgroup_usage usage = group_usage(pl->sh);
    int code, signo;
    bool failed = pod_status(pl->pod)->phase == POD_FAILED;

    pl->is_over = true;
    uv_close((uv_handle_t *)&pl->timer, NULL);
    settle_exit(pl, &code, &signo);
    lead->ended.out_of_memory = failed && lacked_memory(pl);
    if (usage.user_usec + usage.system_usec) {
        lead->ended.user_usec = usage.user_usec;
        lead->ended.system_usec = usage.system_usec;
    }
    lead->ended.memory_peak = usage.memory_peak >> 10;
    lead->ended.read_bytes = usage.read_bytes;
    lead->ended.write_bytes = usage.write_bytes;
    pod_report_finish(pl, &lead->ended);
    for (size_t i = 0; i < pl->n; i++)
        pod_image_free(&pl->members[i]);
    pod_probes_end(pl);
    sandbox_destroy(take(pl->sandbox));
    pod_network_end(pl);
    pod_exports_end(pl);
    pod_mounts_end(pl);
    guests_end(&lead->guests, "the pod has ended");
    lead_end(lead, code, signo, pod_status(pl->pod)->words);
    lead_maybe_report(lead);
}

/* Do all that is to be done now. Events that come of it are taken in on the way. */
static void drive(struct pod_lead *pl)
{
    struct pod_todo todo;

    if (pl->is_driving || pl->is_over)
        return;
    pl->is_driving = true;
    while (pod_ask(pl->pod, pod_lead_now(), &todo) && todo.kind != POD_OVER) {
        pod_begun(pl->pod, &todo, pod_lead_now());
        carry_out(pl, &todo);
    }
    pl->is_driving = false;
    if (pod_is_over(pl->pod)) {
        finish(pl);
        return;
    }
    wait_until(pl, todo.at);
    pod_report_look(pl);
}

static void on_timer(uv_timer_t *timer)
{
    drive(timer->data);
}

void pod_lead_tell(struct pod_lead *pl, const struct pod_event *event)
{
    if (pl->is_over)
        return;
    pod_apply(pl->pod, event, pod_lead_now());
    drive(pl);
}

/* ---------------------------------------------------------------------- the end */

void pod_lead_end(struct pod_lead *pl, enum pod_why why, uint32_t grace,
                  const char *words)
{
    const struct pod_event event = {
        .kind = POD_END_ORDERED, .why = why, .grace = grace, .words = words};

    pod_lead_tell(pl, &event);
}

void pod_lead_kill(struct pod_lead *pl)
{
    if (!pl->is_over)
        pod_lead_end(pl, POD_WHY_DELETED, 0, NULL);
}

void pod_lead_left(struct pod_lead *pl)
{
    pl->n_leaving--;
    if (pl->on_empty)
        pod_lead_when_empty(pl, pl->on_empty, pl->ctx);
}

void pod_lead_when_empty(struct pod_lead *pl, void (*fn)(void *ctx), void *ctx)
{
    pl->on_empty = fn;
    pl->ctx = ctx;
    if (pl->n_leaving == 0)
        fn(ctx);
}

/* --------------------------------------------------------------------- signals */

static void signal_each(struct pod_lead *pl, int signo)
{
    for (size_t i = 0; i < pl->n; i++)
        if (pl->members[i].run)
            pod_run_signal(pl->members[i].run, signo);
}

static void stop_by_signal(void *ctx)
{
    signal_each(ctx, SIGSTOP);
}

static void continue_by_signal(void *ctx)
{
    signal_each(ctx, SIGCONT);
}

static void freeze(struct pod_lead *pl, bool on)
{
    const struct pod_event event = {.kind = on ? POD_FROZEN : POD_THAWED};

    group_freeze(pl->sh, on, on ? stop_by_signal : continue_by_signal, pl);
    pod_lead_tell(pl, &event);
}

void pod_lead_signal(struct pod_lead *pl, int signo)
{
    if (signo == SIGKILL)
        pod_lead_kill(pl);
    else if (signo == SIGSTOP)
        freeze(pl, true);
    else if (signo == SIGCONT)
        freeze(pl, false);
    else
        signal_each(pl, signo);
}

void pod_lead_node_is_back(struct pod_lead *pl)
{
    pod_exports_node_is_back(pl);
    pod_network_node_is_back(pl);
    pod_report_node_is_back(pl);
}

struct pod_member *pod_lead_member(struct pod_lead *pl, const char *name)
{
    size_t i = name[0] ? pod_find_container(pl->pod, name) : pl->spec->spec->init.n;

    return i < pl->n ? &pl->members[i] : NULL;
}

/* ----------------------------------------------------------------------- start */

static int read_manifest(struct pod_lead *pl, struct err *err)
{
    const Berth__PodWish *wish = pl->lead->spec->pod;
    static const struct manifest_rules rules = {.name_space = "default"};
    int rc = manifest_read("pod", (const char *)wish->manifest.data, wish->manifest.len,
                           &rules, &pl->manifest, err);
    const struct mf_object *object = pl->manifest.objects;

    if (rc)
        return rc;
    if (pl->manifest.n != 1 || !object->kind_name ||
        strcmp(object->kind_name, "Pod") != 0)
        return err_set(err, EINVAL, "the job's manifest is no pod");
    if (!object->object) {
        cleanup(freep) char *words =
            object->report.n ? problem_format(&object->report.problems[0], "pod")
                             : xstrdup("the pod is not accepted");

        return err_set(err, EINVAL, "%s", words);
    }
    pl->spec = object->object;
    /* It may have been given less. */
    if (wish->grace && pl->spec->spec->grace > (int64_t)wish->grace - 1)
        pl->spec->spec->grace = (int64_t)wish->grace - 1;
    if (wish->grace_max)
        pod_cap_graces(pl->spec->spec, (int64_t)wish->grace_max - 1);
    return 0;
}

static const char *pause_program(void)
{
    const char *path = getenv("BERTH_PAUSE");

    return path ? path : BERTH_LIBEXECDIR "/berth-pause";
}

/* Somebody relies on them. */
static void warn_of_limits(struct pod_lead *pl)
{
    bool has_limits = false;

    for (size_t i = 0; i < pl->n; i++) {
        const struct mf_resources *resources = pl->members[i].spec->resources;

        has_limits |= resources && resources->limits.n > 0;
    }
    if (has_limits)
        pod_add_note(pl->pod, true, "LimitsNotEnforced",
                     "this node has no control groups for its jobs: limits of memory "
                     "and processors do not hold");
}

static int make_sandbox(struct pod_lead *pl, struct err *err)
{
    bool is_own = pod_network_is_own(pl);
    struct pod_identity ids = pod_identity_of(pl->spec->spec);
    bool is_root = ids.user == 0;
    struct sandbox_spec spec = {.as_root = is_root,
                                .has_ids = true,
                                .uid =
                                    ids.user == MF_UNSET ? getuid() : (uid_t)ids.user,
                                .gid = ids.group != MF_UNSET ? (gid_t)ids.group
                                       : is_root             ? 0
                                                             : getgid(),
                                .own_network = is_own,
                                .shares_pids = pl->spec->spec->shares_pids,
                                .hostname = is_own ? pod_network_hostname(pl) : NULL,
                                .program = pause_program()};

    spec.memory = pod_mounts_memory(pl, &spec.n_memory);
    spec.groups = group_doors_of(pl->sh, GROUP_SANDBOX, &spec.n_groups);
    if (spec.n_groups == 0)
        warn_of_limits(pl);
    return sandbox_create(&spec, &pl->sandbox, err);
}

static void make_members(struct pod_lead *pl)
{
    pl->n = pod_container_count(pl->pod);
    pl->members = xcalloc(pl->n, sizeof(*pl->members));
    for (size_t i = 0; i < pl->n; i++)
        pl->members[i] = (struct pod_member){
            .of = pl, .index = i, .spec = pod_container(pl->pod, i)};
}

static int make_dirs(struct pod_lead *pl, struct err *err)
{
    pl->dir = xasprintf("%s/pod", pl->sh->dir);
    pl->log_dir = xasprintf("%s/user", pl->sh->assignment->pod_logs);
    if (mkdir(pl->dir, 0700) && errno != EEXIST)
        return err_sys(err, errno, "%s", pl->dir);
    return pod_log_name_first(pl, err);
}

static void on_network(struct pod_lead *pl, const struct err *why)
{
    const struct pod_event prepared = {.kind = POD_PREPARED};

    if (why)
        pod_lead_end(pl, POD_WHY_REFUSED, 0, why->text);
    else
        pod_lead_tell(pl, &prepared);
}

static int prepare(struct pod_lead *pl, struct err *err)
{
    int rc = pod_mounts_prepare(pl, err);

    return rc ? rc : make_sandbox(pl, err);
}

/* From now on there is something to end. */
static void begin(struct pod_lead *pl)
{
    (void)uv_timer_init(pl->sh->loop, &pl->timer);
    pl->timer.data = pl;
    pl->is_over = false;
}

static void connect_network(struct pod_lead *pl)
{
    pod_mounts_reach(pl);
    pod_network_start(pl, on_network);
}

static void on_exports(struct pod_lead *pl, const struct err *why)
{
    struct err err;

    if (!why && prepare(pl, &err))
        why = &err;
    if (why)
        pod_lead_end(pl, POD_WHY_REFUSED, 0, why->text);
    else
        connect_network(pl);
}

int pod_lead_start(struct lead *lead, struct err *err)
{
    struct pod_lead *pl = xcalloc(1, sizeof(*pl));
    int64_t now = pod_lead_now();
    int rc;

    pl->lead = lead;
    pl->sh = lead->sh;
    lead->pod = pl;
    pl->is_over = true;
    rc = read_manifest(pl, err);
    if (!rc)
        rc = make_dirs(pl, err);
    if (rc)
        return rc;
    pl->pod = pod_create(pl->spec, NULL, now, clock_epoch_usec() - now);
    make_members(pl);
    rc = pod_mounts_begin(pl, err);
    if (!rc && pod_exports_are_wanted(pl)) {
        begin(pl);
        pod_exports_ask(pl, on_exports);
        return 0;
    }
    if (!rc)
        rc = prepare(pl, err);
    if (rc)
        return rc;
    begin(pl);
    connect_network(pl);
    return 0;
}
