/* SPDX-License-Identifier: Apache-2.0
 *
 * launch.c - from a signed grant to a shepherd at work
 *
 * Nothing starts here that the controller has not granted to this node, this
 * user and this time. A step also goes on to the node's children in the step's
 * tree, and is answered when the whole subtree has answered. The lead knows only
 * its own node, which passes a step on whose first node is another one.
 */
#include "node/bind_step.h"
#include "node/groups.h"
#include "node/hooks.h"
#include "node/legs.h"
#include "node/pod_logs.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FANOUT_MAX 1024
#define DEVICES_MAX 65536

/* ---------------------------------------------------------------- answering */

static void answer_step(struct launch *launch)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__LaunchStepReply reply = BERTH__LAUNCH_STEP_REPLY__INIT;
    struct launch_failures failures = {.n_nodes = &reply.n_nodes,
                                       .nodes = &reply.nodes,
                                       .n_statuses = &reply.n_statuses,
                                       .statuses = &reply.statuses};

    env.body_case = BERTH__ENVELOPE__BODY_STEP_LAUNCHED;
    env.step_launched = &reply;
    launch_reply(launch, &env, &failures);
}

static void answer_job(struct launch *launch)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    bool ok = launch->n_failed == 0;

    env.id = launch->id;
    if (launch->from)
        channel_reply_status(launch->from, &env, ok ? 0 : launch->errs[0].code,
                             ok ? "" : launch->errs[0].text);
    if (ok)
        uplink_send_started(launch->node->uplink, launch->job, launch->epoch);
}

/* ----------------------------------------------------------------- checking */

static int check_user(uid_t uid, struct err *err)
{
    if (geteuid() != 0 && uid != geteuid())
        return err_set(err, EPERM,
                       "this node's daemon runs as uid %u and starts only its jobs",
                       (unsigned int)geteuid());
    return 0;
}

int launch_check_grant(struct node *node, const Berth__SignedGrant *sgn,
                       Berth__Grant **ret_grant, uint32_t *ret_index, struct err *err)
{
    int rc;

    if (!sgn)
        return err_set(err, EINVAL, "a launch without a grant");
    if (!node->has_grant_key)
        return err_set(err, EAGAIN, "node %s has not met its controller yet",
                       node->self->name);
    rc = grant_verify(sgn, node->grant_key, node->self->name, time(NULL), ret_grant,
                      ret_index, err);
    if (!rc && (rc = check_user((*ret_grant)->uid, err))) {
        free_message(*ret_grant);
        *ret_grant = NULL;
    }
    return rc;
}

/* Nodes of one machine see the same files, unless each has a name of its own for
 * the place. */
static uint32_t image_sharing(const struct config *config, bool shares_machine)
{
    if (config->image.shared == CONFIG_SHARED_AUTO && shares_machine)
        return strstr(config->image.store, "%n") ||
                       strstr(config->image.user_store, "%n")
                   ? CONFIG_SHARED_NO
                   : CONFIG_SHARED_YES;
    return config->image.shared;
}

static char runtime_native[] = "native", runtime_oci[] = "oci";

/* 'own' is what a step has here; NULL: for the lead. */
static void fill_assignment(const struct node *node, const Berth__Grant *grant,
                            uint32_t index, const Berth__StepNode *own,
                            Berth__Assignment *assignment)
{
    berth__assignment__init(assignment);
    assignment->node_index = index;
    assignment->node_name = node->self->name;
    assignment->run_dir =
        xasprintf("%s/job.%u.%u", node->run_dir, grant->job_id, grant->epoch);
    assignment->node_socket = node->socket_path;
    assignment->cluster = node->config->cluster;
    assignment->topology_xml = node->topo_path;
    assignment->virtual_topology = node->virtual_topology;
    /* The mark that `berth cluster` puts on the daemons of virtual nodes. */
    assignment->shares_machine =
        node->virtual_topology || getenv("BERTH_CLUSTER_DIR") != NULL;
    assignment->fanout = node->fanout;
    assignment->steps_told = node->config->history.steps;
    assignment->image_stores = (char **)(uintptr_t)node->image_stores;
    assignment->n_image_stores = ARRAY_SIZE(node->image_stores);
    assignment->image_sharing = image_sharing(node->config, assignment->shares_machine);
    assignment->kill_grace = node->config->node.kill_grace;
    assignment->node_lost_after = node->config->node.lost_after;
    assignment->config_path = node->config->path;
    assignment->confine_all = !node->config->container.allow_unconfined;
    if (node->config->munge.socket)
        assignment->munge_socket = node->config->munge.socket;
    assignment->runtime = node->config->container.runtime == CONFIG_RUNTIME_OCI
                              ? runtime_oci
                              : runtime_native;
    if (node->config->container.oci_program)
        assignment->oci_program = node->config->container.oci_program;
    if (node->config->mpi_default)
        assignment->mpi_default = node->config->mpi_default;
    assignment->devices = devices_policy(
        node, own && own->has_devices ? own->devices
                                      : grant->placement->shares[index]->devices);
    if (node->config->hooks.task_prolog)
        assignment->task_prolog = node->config->hooks.task_prolog;
    if (node->config->hooks.task_epilog)
        assignment->task_epilog = node->config->hooks.task_epilog;
    if (node->config->pods.host_paths)
        assignment->host_paths = node->config->pods.host_paths;
    if (node->config->pods.nfs_mounts)
        assignment->nfs_mounts = node->config->pods.nfs_mounts;
    host_libraries_fill(node, assignment);
}

/* Logical cores become the operating system's processors here, where the
 * topology is at hand. Cores that are only pretended bind nothing. */
static char *pus_of(const struct node *node, const char *cores)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;

    if (node->virtual_topology || !cores[0] ||
        bitset_parse(cores, node->topo->n_cores, &set, NULL))
        return xstrdup("");
    return node_topo_pus(node->topo, set);
}

static void clear_assignment(Berth__Assignment *assignment)
{
    if (assignment->pod_logs[0])
        free(assignment->pod_logs);
    bind_step_clear(assignment);
    free(assignment->pus);
    free(assignment->run_dir);
    free_message(assignment->devices);
    host_libraries_clear(assignment);
    groups_clear(assignment);
}

/* With its control groups, which are there before the shepherd begins. */
static int assign(struct node *node, const Berth__Grant *grant, uint32_t index,
                  int64_t step, const Berth__StepNode *own,
                  Berth__Assignment *assignment, struct leg *leg, struct err *err)
{
    uint32_t job = grant->job_id, epoch = grant->epoch;
    int rc = groups_prepare(node, grant, index, step, own, assignment, err);

    if (rc)
        return rc;
    rc = shepherd_assign(node, assignment, job, epoch, step, grant->uid, leg_end, leg,
                         err);
    if (rc && !shepherd_find(node, job, step))
        groups_release(node, job, epoch, step);
    return rc;
}

/* What waits for the node to be ready: its launch has the request and the grant. */
struct waiting {
    struct leg *leg;
    uint32_t index;
};

static void begin_lead(struct leg *leg, const Berth__Grant *grant, uint32_t index,
                       Berth__LaunchJob *msg);
static void begin_step(struct leg *leg, const Berth__Grant *grant, uint32_t index,
                       Berth__LaunchStep *msg);

static void on_ready(const struct err *err, void *ctx)
{
    struct waiting *waiting = ctx;
    struct leg *leg = waiting->leg;
    struct launch *launch = leg->launch;
    uint32_t index = waiting->index;

    free(waiting);
    if (err)
        leg_end(NULL, err, leg);
    else if (launch->request->body_case == BERTH__ENVELOPE__BODY_LAUNCH_JOB)
        begin_lead(leg, launch->grant, index, launch->request->launch_job);
    else
        begin_step(leg, launch->grant, index, launch->request->launch_step);
}

/* The site's prolog comes first, where there is one. */
static void begin_when_ready(struct leg *leg, const Berth__Grant *grant, uint32_t index,
                             const Berth__Envelope *env)
{
    struct launch *launch = leg->launch;
    struct waiting *waiting = xmalloc(sizeof(*waiting));

    waiting->leg = leg;
    waiting->index = index;
    launch->grant = copy_message(&grant->base);
    launch->request = copy_message(&env->base);
    hooks_before(launch->node, launch->grant, index, on_ready, waiting);
}

/* --------------------------------------------------------------------- jobs */

/* Said twice: it runs already, and that is what was wanted. */
static void begin_lead(struct leg *leg, const Berth__Grant *grant, uint32_t index,
                       Berth__LaunchJob *msg)
{
    struct node *node = leg->launch->node;
    Berth__Assignment assignment;
    struct err err;
    int rc;

    fill_assignment(node, grant, index, NULL, &assignment);
    assignment.pus = pus_of(node, grant->placement->shares[0]->cores);
    assignment.job = msg;
    if (msg->spec->pod && msg->spec->pod->manifest.len)
        assignment.pod_logs = pod_logs_dir(node, grant->job_id, grant->epoch);
    rc = assign(node, grant, index, STEP_LEAD, NULL, &assignment, leg, &err);
    clear_assignment(&assignment);
    if (!rc)
        return;
    if (rc != -EALREADY)
        log_warn("launch refused: %s", err.text);
    leg_end(NULL, rc == -EALREADY ? NULL : &err, leg);
}

static int start_lead(struct node *node, struct channel *from,
                      const Berth__Envelope *env, struct err *err)
{
    cleanup(free_messagep) Berth__Grant *grant = NULL;
    Berth__LaunchJob *msg = env->launch_job;
    struct launch *launch;
    struct leg *leg;
    uint32_t index;
    int rc;

    rc = launch_check_grant(node, msg->grant, &grant, &index, err);
    if (!rc)
        rc = grant_check_spec(grant, msg->spec, err);
    if (rc)
        return rc;
    if (index != 0)
        return err_set(err, EINVAL, "node %s does not lead job %u", node->self->name,
                       grant->job_id);
    launch = launch_create(node, from, env->id, answer_job);
    launch->job = grant->job_id;
    launch->epoch = grant->epoch;
    leg = leg_create(launch, node->self->name);
    if (hooks_are_there(node))
        begin_when_ready(leg, grant, index, env);
    else
        begin_lead(leg, grant, index, msg);
    return 0;
}

void launch_job(struct node *node, struct channel *from, const Berth__Envelope *env)
{
    struct err err;

    if (start_lead(node, from, env, &err)) {
        log_warn("launch refused: %s", err.text);
        channel_reply_status(from, env, err.code, err.text);
    }
}

/* -------------------------------------------------------------------- steps */

const Berth__NodeShare *launch_share_of(const Berth__Grant *grant, const char *node)
{
    for (size_t i = 0; i < grant->placement->n_shares; i++)
        if (strcmp(grant->placement->shares[i]->node, node) == 0)
            return grant->placement->shares[i];
    return NULL;
}

static int check_list(const char *cores, const struct bitset *granted, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;
    int rc = bitset_parse(cores, granted->nbits, &set, err);

    if (!rc && !bitset_is_subset(set, granted))
        rc = err_set(err, EPERM, "cores %s are not the job's", cores);
    return rc;
}

/* The lead, which is the user's process, says which cores; the grant which ones it
 * may say. */
static int check_cores(const struct node *node, const Berth__StepNode *own,
                       const Berth__NodeShare *share, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *granted = NULL;
    int rc = bitset_parse(share->cores, node->topo->n_cores, &granted, err);

    if (!rc)
        rc = check_list(own->cores, granted, err);
    for (size_t i = 0; !rc && i < own->n_task_cores; i++)
        rc = check_list(own->task_cores[i], granted, err);
    return rc;
}

/* So may its memory and devices be. */
static int check_resources(const Berth__StepNode *own, const Berth__NodeShare *share,
                           struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *granted = NULL;
    cleanup(bitset_destroyp) struct bitset *set = NULL;
    int rc;

    if (share->memory && own->memory > share->memory)
        return err_set(err, EPERM, "%llu MiB are more than the job's",
                       (unsigned long long)own->memory);
    if (!own->has_devices)
        return 0;
    rc = bitset_parse(share->devices, DEVICES_MAX, &granted, err);
    if (!rc)
        rc = bitset_parse(own->devices, DEVICES_MAX, &set, err);
    if (!rc && !bitset_is_subset(set, granted))
        rc = err_set(err, EPERM, "devices %s are not the job's", own->devices);
    return rc;
}

static int check_step(const Berth__LaunchStep *msg, const Berth__Grant *grant,
                      struct err *err)
{
    if (msg->index >= msg->n_nodes || !msg->spec || !msg->fanout ||
        msg->fanout > FANOUT_MAX)
        return err_set(err, EINVAL, "a step launch that names no place in its tree");
    if (msg->n_nodes > grant->placement->n_shares)
        return err_set(err, EPERM, "the step has more nodes than its job");
    return 0;
}

static int check_tasks(const struct node *node, const Berth__StepNode *own,
                       const Berth__Grant *grant, struct err *err)
{
    const Berth__NodeShare *share = launch_share_of(grant, own->node);
    int rc = check_resources(own, share, err);

    if (rc)
        return rc;
    if (own->n_task_cores != own->n_ranks)
        return err_set(err, EINVAL, "a step launch with %zu tasks and cores for %zu",
                       own->n_ranks, own->n_task_cores);
    return check_cores(node, own, share, err);
}

/* To where the grant says that a child is, whatever the lead says. */
static void forward_to(struct launch *launch, const Berth__Grant *grant,
                       Berth__LaunchStep *msg)
{
    const char *name = msg->nodes[msg->index]->node;
    const Berth__NodeShare *share = launch_share_of(grant, name);
    struct leg *leg = leg_create(launch, name);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct err err;

    env.body_case = BERTH__ENVELOPE__BODY_LAUNCH_STEP;
    env.launch_step = msg;
    if (share) {
        peer_call(launch->node, share->address, (uint16_t)share->port, &env, leg_end,
                  leg);
        return;
    }
    (void)err_set(&err, EPERM, "it is not part of job %u", grant->job_id);
    leg_end(NULL, &err, leg);
}

static void forward_step(struct launch *launch, const Berth__Grant *grant,
                         Berth__LaunchStep *msg)
{
    uint64_t first = (uint64_t)msg->index * msg->fanout + 1;
    uint32_t own = msg->index;

    for (uint64_t i = first; i < first + msg->fanout && i < msg->n_nodes; i++) {
        msg->index = (uint32_t)i;
        forward_to(launch, grant, msg);
    }
    msg->index = own;
}

/* Asked again, as the answer was lost: it runs, and that is what was wanted. */
static bool runs_already(struct node *node, const Berth__Grant *grant, uint32_t step)
{
    const struct shepherd *shepherd = shepherd_find(node, grant->job_id, step);

    return shepherd && shepherd_epoch(shepherd) == grant->epoch;
}

static void begin_step(struct leg *leg, const Berth__Grant *grant, uint32_t index,
                       Berth__LaunchStep *msg)
{
    struct node *node = leg->launch->node;
    const Berth__StepNode *own = msg->nodes[msg->index];
    Berth__Assignment assignment;
    struct err err;

    if (msg->again && runs_already(node, grant, msg->step_id)) {
        leg_end(NULL, NULL, leg);
        return;
    }
    fill_assignment(node, grant, index, own, &assignment);
    assignment.pus = pus_of(node, own->cores);
    assignment.step = msg;
    if (bind_step(node, msg->spec, own, launch_share_of(grant, own->node), &assignment,
                  &err) ||
        assign(node, grant, index, msg->step_id, own, &assignment, leg, &err))
        leg_end(NULL, &err, leg);
    clear_assignment(&assignment);
}

static int start_step(struct node *node, struct channel *from,
                      const Berth__Envelope *env, struct err *err)
{
    cleanup(free_messagep) Berth__Grant *grant = NULL;
    Berth__LaunchStep *msg = env->launch_step;
    struct launch *launch;
    uint32_t index;
    bool is_ours;
    int rc;

    rc = launch_check_grant(node, msg->grant, &grant, &index, err);
    if (!rc)
        rc = check_step(msg, grant, err);
    is_ours = !rc && strcmp(msg->nodes[msg->index]->node, node->self->name) == 0;
    if (is_ours)
        rc = check_tasks(node, msg->nodes[msg->index], grant, err);
    if (rc)
        return rc;
    launch = launch_create(node, from, env->id, answer_step);
    launch->open = 1; /* until all legs are under way */
    if (is_ours) {
        struct leg *leg;

        forward_step(launch, grant, msg);
        leg = leg_create(launch, node->self->name);
        if (hooks_are_there(node))
            begin_when_ready(leg, grant, index, env);
        else
            begin_step(leg, grant, index, msg);
    } else {
        forward_to(launch, grant, msg);
    }
    launch_leg_done(launch);
    return 0;
}

void launch_step(struct node *node, struct channel *from, const Berth__Envelope *env)
{
    struct err err;

    if (start_step(node, from, env, &err)) {
        log_warn("step refused: %s", err.text);
        channel_reply_status(from, env, err.code, err.text);
    }
}

/* ------------------------------------------------------------------ signals */

void signal_job(struct node *node, struct channel *from, const Berth__Envelope *env)
{
    const Berth__SignalJob *msg = env->signal_job;
    struct shepherd *lead = shepherd_find(node, msg->job_id, STEP_LEAD);
    Berth__Envelope forward = BERTH__ENVELOPE__INIT;

    if (!lead || shepherd_epoch(lead) != msg->epoch) {
        channel_reply_status(from, env, ESRCH, "the job does not run here");
        return;
    }
    forward.body_case = BERTH__ENVELOPE__BODY_SIGNAL_JOB;
    forward.signal_job = env->signal_job;
    shepherd_order(lead, &forward);
    channel_reply_status(from, env, 0, "");
}

/* ------------------------------------------------------------------ data of pods */

/* One that has not begun here gets it with its launch. */
void pod_data_pass(struct node *node, const Berth__Envelope *env)
{
    const Berth__PodData *data = env->pod_data;
    struct shepherd *lead = shepherd_find(node, data->job_id, STEP_LEAD);
    Berth__Envelope forward = BERTH__ENVELOPE__INIT;

    if (!lead || shepherd_epoch(lead) != data->epoch)
        return;
    forward.body_case = BERTH__ENVELOPE__BODY_POD_DATA;
    forward.pod_data = env->pod_data;
    shepherd_tell(lead, &forward);
}
