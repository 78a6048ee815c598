/* SPDX-License-Identifier: Apache-2.0
 *
 * groups.c - the control groups of the jobs on this node: made, left, removed
 */
#include "node/groups.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cgroup/cgroup.h"
#include "node/group_limits.h"
#include "node/shepherd_priv.h"
#include "wire/pack.h"

#define RETRY_FIRST_MS 2
#define RETRY_MAX_MS 1000
#define RETRIES 60

/* ----------------------------------------------------------------------- paths */

static char *job_path(uint32_t job, uint32_t epoch)
{
    return xasprintf("job_%u.%u", job, epoch);
}

char *groups_path(uint32_t job, uint32_t epoch, int64_t step)
{
    if (step == STEP_LEAD)
        return xasprintf("job_%u.%u/work/batch", job, epoch);
    return xasprintf("job_%u.%u/work/step_%" PRId64, job, epoch, step);
}

/* Several nodes may be on one machine, and several clusters of one name. */
static char *root_name(const struct node *node)
{
    uint8_t hash[4];
    char hex[2 * sizeof(hash) + 1];

    BUG_ON(crypto_generichash(hash, sizeof(hash), (const uint8_t *)node->state_dir,
                              strlen(node->state_dir), NULL, 0));
    (void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    return xasprintf("berth/%s.%s.%s", node->config->cluster, node->self->name, hex);
}

/* ----------------------------------------------------------------------- start */

static const char *const plugins[] = {"auto", "v1", "v2", "none"};

/* For `berth cluster down`, and for people. */
static void write_down(const struct node *node)
{
    cleanup(freep) char *path = xasprintf("%s/cgroup", node->state_dir);
    cleanup(freep) char *text =
        xasprintf("%s\n%s", cgroup_plugin(node->cgroup), cgroup_handle(node->cgroup));
    struct err err;

    if (io_write_file_atomic(path, text, strlen(text), 0644, &err))
        log_warn("control groups: %s", err.text);
}

static void say_what_lacks(const struct node *node)
{
    static const struct {
        enum berth_cgroup_can can;
        const char *name;
    } all[] = {
        {BERTH_CGROUP_CPUSET, "cores"},  {BERTH_CGROUP_MEMORY, "memory"},
        {BERTH_CGROUP_PIDS, "pids"},     {BERTH_CGROUP_DEVICES, "devices"},
        {BERTH_CGROUP_FREEZE, "freeze"},
    };
    cleanup(strv_freep) char **lacks = NULL;
    cleanup(freep) char *list = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (!cgroup_can(node->cgroup, all[i].can))
            strv_add(&lacks, all[i].name);
    list = strv_join(lacks, ", ");
    log_info("%s%s%s", cgroup_words(node->cgroup), lacks ? "; not here: " : "",
             lacks ? list : "");
    if (node->config->cgroup.constrain_cores && node->virtual_topology)
        log_info("cores are pretended: jobs are not bound to them");
}

int groups_start(struct node *node, struct err *err)
{
    enum config_cgroup_plugin plugin = node->config->cgroup.plugin;
    cleanup(freep) char *name = root_name(node);
    struct err why = {0};

    if (plugin == CONFIG_CGROUP_NONE)
        return 0;
    if (cgroup_open(plugins[plugin], node->config->cgroup.base, name, &node->cgroup,
                    &why)) {
        if (plugin != CONFIG_CGROUP_AUTO)
            return err_set(err, why.code, "cgroup.plugin: %s: %s", plugins[plugin],
                           why.text);
        log_warn("no control groups: jobs run without limits: %s", why.text);
        return 0;
    }
    /* For the shepherds' nursery: see src/shepherd/main.c. */
    (void)setenv("BERTH_CGROUP_PLUGIN", cgroup_plugin(node->cgroup), 1);
    (void)setenv("BERTH_CGROUP_HANDLE", cgroup_handle(node->cgroup), 1);
    write_down(node);
    say_what_lacks(node);
    return 0;
}

void groups_stop(struct node *node)
{
    if (!node->shepherds)
        (void)cgroup_remove(node->cgroup, "", NULL);
}

/* --------------------------------------------------------------------- removal */

struct removal {
    struct node *node;
    char *path;
    uint32_t job, epoch;
    bool is_job;
    unsigned int tries;
    int rc; /* of the last try */
    struct err err;
    uv_work_t work;
    uv_timer_t timer;
};

static void removal_free(uv_handle_t *timer)
{
    struct removal *removal = timer->data;

    free(removal->path);
    free(removal);
}

/* A step may have come meanwhile that wants the job's group again. */
static bool is_wanted(const struct removal *removal)
{
    return removal->is_job &&
           job_has_shepherd(removal->node, removal->job, removal->epoch);
}

static void removal_try(uv_timer_t *timer);

static void removal_again(struct removal *removal)
{
    uint64_t delay = RETRY_FIRST_MS << (removal->tries < 9 ? removal->tries : 9);

    if (removal->tries++ == RETRIES) {
        log_error("%s: what is in there does not end", removal->err.text);
        uv_close((uv_handle_t *)&removal->timer, removal_free);
        return;
    }
    (void)uv_timer_start(&removal->timer, removal_try,
                         delay < RETRY_MAX_MS ? delay : RETRY_MAX_MS, 0);
}

/* Kill the group, not a pid: a group holds only what was put there, and all that
 * came of it. */
static void removal_work(uv_work_t *work)
{
    struct removal *removal = work->data;
    struct cgroup *cg = removal->node->cgroup;

    removal->rc = cgroup_remove(cg, removal->path, &removal->err);
    if (removal->rc)
        (void)cgroup_kill(cg, removal->path, NULL);
}

static void removal_done(uv_work_t *work, int status)
{
    struct removal *removal = work->data;

    (void)status;
    if (removal->rc)
        removal_again(removal);
    else
        uv_close((uv_handle_t *)&removal->timer, removal_free);
}

/* A job's groups go here and now, so that no step of it comes meanwhile; those of a
 * step, whose like never comes again, off the path of the next one. */
static void removal_try(uv_timer_t *timer)
{
    struct removal *removal = timer->data;

    if (is_wanted(removal)) {
        uv_close((uv_handle_t *)timer, removal_free);
        return;
    }
    removal->work.data = removal;
    if (!removal->is_job && uv_queue_work(removal->node->loop, &removal->work,
                                          removal_work, removal_done) == 0)
        return;
    removal_work(&removal->work);
    removal_done(&removal->work, 0);
}

static void remove_group(struct node *node, const char *path, uint32_t job,
                         uint32_t epoch, bool is_job)
{
    struct removal *removal = xcalloc(1, sizeof(*removal));

    removal->node = node;
    removal->path = xstrdup(path);
    removal->job = job;
    removal->epoch = epoch;
    removal->is_job = is_job;
    (void)uv_timer_init(node->loop, &removal->timer);
    removal->timer.data = removal;
    removal_try(&removal->timer);
}

void groups_release(struct node *node, uint32_t job, uint32_t epoch, int64_t step)
{
    cleanup(freep) char *own = groups_path(job, epoch, step);
    cleanup(freep) char *whole = job_path(job, epoch);

    if (!node->cgroup || node->stopping)
        return;
    if (job_has_shepherd(node, job, epoch))
        remove_group(node, own, job, epoch, false);
    else
        remove_group(node, whole, job, epoch, true);
}

/* Of a job that goes on: the steps that ended while we were away. */
static void sweep_steps(struct node *node, uint32_t job, uint32_t epoch)
{
    cleanup(freep) char *work = xasprintf("job_%u.%u/work", job, epoch);
    cleanup(strv_freep) char **names = cgroup_children(node->cgroup, work);

    strv_foreach (name, names) {
        int64_t step;

        if (sscanf(*name, "step_%" SCNd64, &step) == 1 &&
            !shepherd_find(node, job, step))
            groups_release(node, job, epoch, step);
    }
}

void groups_sweep(struct node *node)
{
    cleanup(strv_freep) char **names = cgroup_children(node->cgroup, "");

    strv_foreach (name, names) {
        uint32_t job, epoch;

        if (sscanf(*name, "job_%u.%u", &job, &epoch) != 2)
            continue;
        if (job_has_shepherd(node, job, epoch))
            sweep_steps(node, job, epoch);
        else
            remove_group(node, *name, job, epoch, true);
    }
}

/* ---------------------------------------------------------------------- making */

static bool knows_kill_all(const struct node *node)
{
    return strcmp(cgroup_plugin(node->cgroup), "v2") == 0 &&
           cgroup_can(node->cgroup, BERTH_CGROUP_MEMORY);
}

static bool oom_kill_all(const struct node *node)
{
    return node->config->cgroup.oom_kill_all && knows_kill_all(node);
}

static int make_jobs_groups(struct node *node, const Berth__Grant *grant,
                            const Berth__NodeShare *share, uint64_t memory,
                            struct err *err)
{
    static const struct berth_cgroup_limits none;
    struct cgroup *cg = node->cgroup;
    cleanup(freep) char *job = job_path(grant->job_id, grant->epoch);
    cleanup(freep) char *shepherds = xasprintf("%s/shepherds", job);
    cleanup(freep) char *work = xasprintf("%s/work", job);
    cleanup(free_messagep) Berth__DevicePolicy *devices =
        devices_policy(node, share->devices);
    cleanup(group_limits_fini) struct group_limits limits = {0};
    int rc = cgroup_make(cg, job, &none, err);

    group_limits_init(node, share, memory, devices, &limits);
    if (!rc)
        rc = cgroup_make(cg, shepherds, NULL, err);
    return rc ? rc : cgroup_make(cg, work, &limits.set, err);
}

/* NULL: the job, or step, is no pod. */
static const Berth__PodWish *pod_of(const Berth__Assignment *assignment)
{
    const Berth__JobSpec *spec = assignment->job ? assignment->job->spec : NULL;

    return spec && spec->pod && spec->pod->manifest.len ? spec->pod : NULL;
}

static uint64_t memory_of(const Berth__NodeShare *share, const Berth__PodWish *pod)
{
    return pod && pod->mem_limit ? pod->mem_limit : share->memory;
}

static int make_container_group(struct node *node, const Berth__PodGroup *group,
                                const char *above, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/%s", above, group->container);
    bool bounds_memory = node->config->cgroup.constrain_memory;
    const struct berth_cgroup_limits limits = {
        .memory = bounds_memory ? group->memory : 0,
        .cpu_weight = group->cpu_weight,
        .cpu_max = group->cpu_max,
        /* Half a container is of no use to anybody, as Kubernetes has it. */
        .kill_all = knows_kill_all(node),
        .is_leaf = 1,
    };

    if (!group->container[0] || strchr(group->container, '/') ||
        group->container[0] == '.')
        return err_set(err, EINVAL, "a container of a pod cannot be called '%s'",
                       group->container);
    return cgroup_make(node->cgroup, path, &limits, err);
}

/* Of each container, and of the sandbox's own first process. */
static int make_pod_groups(struct node *node, const Berth__PodWish *pod,
                           const char *path, struct err *err)
{
    static const struct berth_cgroup_limits none;
    static const struct berth_cgroup_limits leaf = {.is_leaf = 1};
    cleanup(freep) char *sandbox = xasprintf("%s/" GROUPS_SANDBOX, path);
    int rc = cgroup_make(node->cgroup, path, &none, err);

    if (!rc)
        rc = cgroup_make(node->cgroup, sandbox, &leaf, err);
    for (size_t i = 0; i < pod->n_groups && !rc; i++)
        rc = make_container_group(node, pod->groups[i], path, err);
    return rc;
}

static int make_groups(struct node *node, const Berth__Grant *grant,
                       const Berth__NodeShare *share, const Berth__StepNode *own,
                       const Berth__Assignment *assignment, struct err *err)
{
    cleanup(group_limits_fini) struct group_limits limits = {0};
    const Berth__PodWish *pod = pod_of(assignment);
    bool is_limited =
        own && group_limits_of_step(node, own, assignment->devices, &limits);
    int rc = 0;

    limits.set.kill_all = oom_kill_all(node);
    if (!job_has_shepherd(node, grant->job_id, grant->epoch))
        rc = make_jobs_groups(node, grant, share, memory_of(share, pod), err);
    if (!rc && pod && pod->n_groups)
        return make_pod_groups(node, pod, assignment->cgroup_path, err);
    return rc ? rc
              : cgroup_make(node->cgroup, assignment->cgroup_path,
                            is_limited || limits.set.kill_all ? &limits.set : NULL,
                            err);
}

int groups_prepare(struct node *node, const Berth__Grant *grant, uint32_t index,
                   int64_t step, const Berth__StepNode *own,
                   Berth__Assignment *assignment, struct err *err)
{
    const Berth__NodeShare *share = grant->placement->shares[index];
    int rc;

    if (!node->cgroup)
        return 0;
    assignment->cgroup_path = groups_path(grant->job_id, grant->epoch, step);
    assignment->cgroup_own =
        xasprintf("job_%u.%u/shepherds", grant->job_id, grant->epoch);
    assignment->cgroup_plugin = (char *)(uintptr_t)cgroup_plugin(node->cgroup);
    assignment->cgroup_handle = (char *)(uintptr_t)cgroup_handle(node->cgroup);
    if (node->config->cgroup.constrain_memory &&
        cgroup_can(node->cgroup, BERTH_CGROUP_MEMORY))
        assignment->memory_limit =
            own && own->memory ? own->memory : memory_of(share, pod_of(assignment));
    rc = make_groups(node, grant, share, own, assignment, err);
    if (rc)
        groups_release(node, grant->job_id, grant->epoch, step);
    return rc;
}

void groups_clear(Berth__Assignment *assignment)
{
    if (!assignment->cgroup_plugin[0])
        return;
    free(assignment->cgroup_path);
    free(assignment->cgroup_own);
}

/* ---------------------------------------------------------------------- orders */

static int freeze(struct node *node, struct shepherd *shepherd, bool frozen,
                  struct err *err)
{
    cleanup(freep) char *path =
        groups_path(shepherd->job, shepherd->epoch, shepherd->step);

    shepherd->is_frozen = frozen && node->cgroup;
    return cgroup_freeze(node->cgroup, path, frozen, err);
}

/* LEAVE is what older shepherds say, which went through their tasks' group. */
void groups_order(struct node *node, struct shepherd *shepherd, struct channel *ch,
                  const Berth__Envelope *env)
{
    Berth__GroupOrder__Op op = env->group_order->op;
    struct err err = {0};
    int rc = 0;

    if (op == BERTH__GROUP_ORDER__OP__FREEZE || op == BERTH__GROUP_ORDER__OP__THAW)
        rc = freeze(node, shepherd, op == BERTH__GROUP_ORDER__OP__FREEZE, &err);
    channel_reply_status(ch, env, -rc, err.text);
}
