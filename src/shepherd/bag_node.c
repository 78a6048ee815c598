/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_node.c - a bag on one node: between the step's tree and the dispatcher
 *
 *     tree --BagWork--> pipe --> dispatcher (task 0, the static berth) --> commands
 *     tree <--BagReport-- pipe <--/
 *
 * The dispatcher is inside the container and nothing is believed of it but what
 * concerns its own commands. Each rank of the node is one of its slots.
 */
#include "shepherd/bag.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/devices.h"
#include "shepherd/step.h"
#include "shepherd/taskenv.h"
#include "wire/pack.h"
#include "wire/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GRACE_S 10 /* where the node does not say */
#define READ_SIZE 65536
/* Of a dispatcher whose commands lack memory all are killed, and it is the last. */
#define LOST_WORDS "what runs its commands there was killed"

struct bag_node {
    struct step *step;
    uv_pipe_t to, from, errors;
    bool has_to;
    bool is_last; /* it was told that nothing more comes */
    bool is_paused;
    struct buf in;
};

/* -------------------------------------------------------------------- down */

struct write {
    uv_write_t req;
    struct buf bytes;
};

static void on_written(uv_write_t *req, int status)
{
    struct write *write = (struct write *)req;

    (void)status;
    buf_fini(&write->bytes);
    free(write);
}

/* What waits here is bounded by what the lead lets a node have. */
static void send_down(struct bag_node *node, const Berth__Envelope *env)
{
    struct write *write = xcalloc(1, sizeof(*write));
    uv_buf_t buf;

    plain_put(&write->bytes, env);
    buf = uv_buf_init((char *)write->bytes.bytes + write->bytes.start,
                      (unsigned int)buf_len(&write->bytes));
    if (!node->has_to ||
        uv_write(&write->req, (uv_stream_t *)&node->to, &buf, 1, on_written))
        on_written(&write->req, 0);
}

void bag_node_work(struct step *step, Berth__Envelope *env)
{
    if (env->bag_work->to_index != step->launch->index) {
        branch_towards(step, env->bag_work->to_index, env);
        return;
    }
    if (!step->bag)
        return;
    step->bag->is_last |= env->bag_work->is_last;
    send_down(step->bag, env);
}

static Berth__BagSlot *make_slot(const struct step *step, uint32_t local)
{
    const Berth__Assignment *assignment = step->sh->assignment;
    Berth__BagSlot *slot = xcalloc(1, sizeof(*slot));
    char **env = NULL;

    berth__bag_slot__init(slot);
    taskenv_task(&env, step->launch, local);
    devices_env(&env, assignment->devices, step->box->device_env,
                step->box->image != NULL, tasks_devices_of(step, local));
    slot->env = env;
    slot->n_env = strv_len(env);
    if (local < assignment->n_task_pus && assignment->task_pus[local][0])
        slot->cpus = xstrdup(assignment->task_pus[local]);
    return slot;
}

static void send_setup(struct bag_node *node)
{
    const struct step *step = node->step;
    uint32_t grace = step->sh->assignment->kill_grace;
    Berth__BagSetup *setup = xcalloc(1, sizeof(*setup));
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    berth__bag_setup__init(setup);
    setup->timeout_ms = step->launch->spec->bag->timeout_ms;
    setup->grace_ms = (grace ? grace : GRACE_S) * UINT64_C(1000);
    setup->n_prefix = strv_len(step->box->entrypoint);
    setup->prefix = strv_dup(step->box->entrypoint);
    setup->slots = xcalloc(step->own->n_ranks, sizeof(*setup->slots));
    for (uint32_t i = 0; i < step->own->n_ranks; i++)
        setup->slots[setup->n_slots++] = make_slot(step, i);
    env.body_case = BERTH__ENVELOPE__BODY_BAG_SETUP;
    env.bag_setup = setup;
    send_down(node, &env);
    free_message(setup);
}

/* -------------------------------------------------------------------- lost */

static void tell_lost(struct step *step, uint32_t index, const char *words, bool alone)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__BagLost lost = BERTH__BAG_LOST__INIT;

    lost.index = index;
    lost.words = (char *)(uintptr_t)words;
    lost.alone = alone;
    env.body_case = BERTH__ENVELOPE__BODY_BAG_LOST;
    env.bag_lost = &lost;
    branch_up(step, &env);
}

void bag_node_lost_child(struct step *step, uint32_t index, const char *words)
{
    log_warn("job %u step %u: node %s: %s", step->sh->job, step->launch->step_id,
             step->launch->nodes[index]->node, words);
    tell_lost(step, index, words, false);
}

/* ---------------------------------------------------------------------- up */

static void pass_report(struct bag_node *node, const Berth__Envelope *env)
{
    Berth__Envelope up = BERTH__ENVELOPE__INIT;
    Berth__BagReport report;

    if (env->body_case != BERTH__ENVELOPE__BODY_BAG_REPORT)
        return;
    report = *env->bag_report;
    report.node = node->step->own->node;
    report.from_index = node->step->launch->index;
    up.body_case = BERTH__ENVELOPE__BODY_BAG_REPORT;
    up.bag_report = &report;
    branch_up(node->step, &up);
}

/* From the first report on the lead knows that the way down is there. */
static void tell_ready(struct bag_node *node)
{
    Berth__BagReport report = BERTH__BAG_REPORT__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_BAG_REPORT;
    env.bag_report = &report;
    pass_report(node, &env);
}

static void close_stream(struct bag_node *node, uv_pipe_t *pipe)
{
    uv_close((uv_handle_t *)pipe, NULL);
    node->step->n_streams--;
    step_maybe_end(node->step);
}

static void on_dispatcher_gone(struct bag_node *node)
{
    if (!node->is_last && !node->step->is_aborted)
        tell_lost(node->step, node->step->launch->index, LOST_WORDS, true);
    if (node->has_to)
        uv_close((uv_handle_t *)&node->to, NULL);
    node->has_to = false;
    close_stream(node, &node->from);
}

/* One that does not speak as it should is none. */
static void take_reports(struct bag_node *node)
{
    Berth__Envelope *env;
    struct err err;
    int rc;

    while ((rc = plain_next(&node->in, &env, &err)) > 0) {
        pass_report(node, env);
        free_message(env);
    }
    if (rc < 0) {
        log_warn("job %u: dispatcher of a bag: %s", node->step->sh->job, err.text);
        on_dispatcher_gone(node);
        box_end_tasks(node->step->box);
    }
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct bag_node *node = handle->data;

    (void)suggested;
    *buf = uv_buf_init((char *)buf_room(&node->in, READ_SIZE), READ_SIZE);
}

static void on_from(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct bag_node *node = stream->data;

    (void)buf;
    if (n < 0) {
        on_dispatcher_gone(node);
        return;
    }
    buf_added(&node->in, (size_t)n);
    take_reports(node);
    branch_pause_when_congested(node->step);
}

static void give_scratch(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char scratch[4096];

    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(scratch, sizeof(scratch));
}

/* Words of the dispatcher itself. */
static void on_errors(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct bag_node *node = stream->data;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskOutput out = BERTH__TASK_OUTPUT__INIT;

    if (n < 0) {
        close_stream(node, &node->errors);
        return;
    }
    out.rank = node->step->own->ranks[0];
    out.stream = 2;
    out.data.data = (uint8_t *)buf->base;
    out.data.len = (size_t)n;
    env.body_case = BERTH__ENVELOPE__BODY_OUTPUT;
    env.output = &out;
    branch_up(node->step, &env);
}

void bag_node_pause(struct bag_node *node, bool paused)
{
    if (node->is_paused == paused || uv_is_closing((uv_handle_t *)&node->from))
        return;
    node->is_paused = paused;
    if (paused)
        (void)uv_read_stop((uv_stream_t *)&node->from);
    else
        (void)uv_read_start((uv_stream_t *)&node->from, give_room, on_from);
}

/* ------------------------------------------------------------------- start */

static int open_pipe(struct bag_node *node, uv_pipe_t *pipe, int ours, int *ret_theirs,
                     struct err *err)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC))
        return err_sys(err, errno, "pipe");
    (void)uv_pipe_init(node->step->sh->loop, pipe, 0);
    (void)uv_pipe_open(pipe, fds[ours]);
    pipe->data = node;
    *ret_theirs = fds[!ours];
    return 0;
}

static int open_pipes(struct bag_node *node, int fds[3], struct err *err)
{
    int rc = open_pipe(node, &node->to, 1, &fds[0], err);

    node->has_to = rc == 0;
    if (rc || (rc = open_pipe(node, &node->from, 0, &fds[1], err)))
        return rc;
    node->step->n_streams++;
    (void)uv_read_start((uv_stream_t *)&node->from, give_room, on_from);
    rc = open_pipe(node, &node->errors, 0, &fds[2], err);
    if (rc)
        return rc;
    node->step->n_streams++;
    (void)uv_read_start((uv_stream_t *)&node->errors, give_scratch, on_errors);
    return 0;
}

int bag_node_start(struct step *step, char *const *env, struct err *err)
{
    const Berth__StepSpec *spec = step->launch->spec;
    struct bag_node *node = xcalloc(1, sizeof(*node));
    cleanup(freep) char *program = xstrdup(box_tools_program(step->box));
    char word[] = ".bag";
    char *const argv[] = {program, word, NULL};
    int fds[3] = {-1, -1, -1};
    int rc;

    node->step = step;
    step->bag = node;
    rc = open_pipes(node, fds, err);
    if (!rc) {
        const struct task_spec order = {
            .argv = argv,
            .env = env,
            .cwd = box_workdir(spec->container, spec->cwd),
            .fds = {fds[0], fds[1], fds[2]},
            .cpus = step->sh->assignment->pus[0] ? step->sh->assignment->pus : NULL,
            .umask = spec->umask,
            .new_session = true,
        };

        rc = container_spawn(step->box->container, &order, err);
    }
    for (int i = 0; i < 3; i++)
        closep(&fds[i]);
    if (rc)
        return rc;
    send_setup(node);
    tell_ready(node);
    return 0;
}
