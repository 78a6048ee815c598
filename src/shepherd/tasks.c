/* SPDX-License-Identifier: Apache-2.0
 *
 * tasks.c - the processes of a step on this node
 *
 * The box's first process starts them on our order and tells of their ends. When the
 * last task has ended, whatever it left behind in the box is killed, so that the
 * pipes end too.
 */
#include "shepherd/alone.h"
#include "shepherd/group.h"
#include "shepherd/step.h"

#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/bound.h"
#include "shepherd/devices.h"
#include "shepherd/launchers.h"
#include "shepherd/programs.h"
#include "shepherd/task_hooks.h"
#include "shepherd/taskenv.h"

#include <berth/mpi.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct task *tasks_by_rank(struct step *step, uint32_t rank)
{
    for (uint32_t i = 0; i < step->n_tasks; i++)
        if (step->tasks[i].rank == rank)
            return &step->tasks[i];
    return NULL;
}

/* ----------------------------------------------------------------- signals */

static void send_signal(struct step *step, int signo)
{
    if (signo == SIGTERM)
        guests_told_to_end(&step->guests, "the step was told to end");
    if (step->box && step->n_running)
        (void)container_signal(step->box->container, guests_scope_of(signo), signo,
                               NULL);
}

static void stop_by_signal(void *ctx)
{
    send_signal(ctx, SIGSTOP);
}

static void continue_by_signal(void *ctx)
{
    send_signal(ctx, SIGCONT);
}

/* Stopping is the node's: a group stops as one, and nobody inside sees a signal. */
void tasks_signal(struct step *step, int signo)
{
    if (signo != SIGSTOP && signo != SIGCONT)
        send_signal(step, signo);
    else if (step->n_running && signo == SIGSTOP)
        group_freeze(step->sh, true, stop_by_signal, step);
    else if (step->n_running)
        group_freeze(step->sh, false, continue_by_signal, step);
}

void tasks_signal_ranks(struct step *step, const Berth__StepSignal *msg)
{
    for (size_t i = 0; i < msg->n_ranks; i++) {
        const struct task *task = tasks_by_rank(step, msg->ranks[i]);

        if (task && !task->has_ended && step->box)
            (void)container_signal(step->box->container, task->local, msg->signal,
                                   NULL);
    }
}

/* -------------------------------------------------------------------- ends */

static void tell_ended(struct task *task, int status)
{
    struct step *step = task->step;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskEnded ended = BERTH__TASK_ENDED__INIT;

    ended.ranks = &task->rank;
    ended.n_ranks = 1;
    ended.statuses = &status;
    ended.n_statuses = 1;
    ended.node = step->own->node;
    env.body_case = BERTH__ENVELOPE__BODY_TASK_ENDED;
    env.task_ended = &ended;
    branch_up(step, &env);
}

/* An MPI process that leaves without MPI_Finalize leaves the others waiting. */
static void tell_deserted(struct task *task)
{
    struct step *step = task->step;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepAbort msg = BERTH__STEP_ABORT__INIT;
    cleanup(freep) char *words = xasprintf("task %u on %s ended without MPI_Finalize",
                                           task->rank, step->own->node);

    msg.rank = task->rank;
    msg.status = 1;
    msg.words = words;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_ABORT;
    env.step_abort = &msg;
    branch_up(step, &env);
}

static void task_ended(struct task *task, int status)
{
    struct step *step = task->step;

    if (task->has_ended)
        return;
    task->has_ended = true;
    task->status = status;
    step->n_running--;
    tell_ended(task, status);
    if (status == 0 && task->is_connected && !task->is_finalized && step->own->n_ranks)
        tell_deserted(task);
    if (step->wiring)
        wiring_task_ended(step->wiring, task->rank, status);
    alone_check(task, status);
    streams_ended(task);
    if (step->n_running == 0)
        box_end_tasks(step->box);
}

static void take_event(struct step *step, const struct container_event *event)
{
    struct err err;

    if (guests_take_event(&step->guests, event))
        return;
    switch (event->kind) {
    case CONTAINER_TASK_STARTED:
        if (event->task >= step->n_tasks)
            break;
        step->tasks[event->task].pid = event->pid;
        streams_started(&step->tasks[event->task]);
        break;
    case CONTAINER_TASK_ENDED:
        if (event->task >= step->n_tasks)
            break;
        if (event->words[0] && !step->words) {
            (void)err_set(&err, ENOEXEC, "%s", event->words);
            task_ended(&step->tasks[event->task], event->status);
            step_fail(step, &err);
            break;
        }
        step->user_usec += event->user_usec;
        step->system_usec += event->system_usec;
        if (event->max_rss_kib > step->sums.max_rss)
            step->sums.max_rss = event->max_rss_kib;
        if (event->status)
            step_check_memory(step, &step->tasks[event->task], event->max_rss_kib);
        task_ended(&step->tasks[event->task], event->status);
        break;
    case CONTAINER_GONE:
        (void)uv_poll_stop(&step->box_poll);
        if (step->n_running && !step->is_aborted)
            step_check_memory(step, NULL, 0);
        for (uint32_t i = 0; i < step->n_tasks; i++)
            task_ended(&step->tasks[i], SIGKILL);
        guests_end(&step->guests, "the step has ended");
        holding_end(step);
        break;
    }
}

static void on_box(uv_poll_t *poll, int status, int events)
{
    struct step *step = poll->data;
    struct container_event event = {.kind = CONTAINER_TASK_STARTED};
    int rc = 1;

    (void)status;
    (void)events;
    /* A box that is killed with orders unread resets the connection, and libuv
     * stops a poll that has an error: so not the poll tells the end. */
    while (event.kind != CONTAINER_GONE && !uv_is_closing((uv_handle_t *)poll) &&
           (rc = container_next_event(step->box->container, &event)) > 0) {
        /* A task's MPI_Finalize came before its end. */
        if (step->wiring)
            wiring_flush(step->wiring);
        take_event(step, &event);
    }
    if (rc < 0)
        container_kill(step->box->container);
    step_maybe_end(step);
}

/* ------------------------------------------------------------------- start */

const char *tasks_devices_of(const struct step *step, uint32_t local)
{
    const Berth__Assignment *assignment = step->sh->assignment;
    const Berth__Placement *placement = step->sh->grant->placement;
    const Berth__NodeShare *share = placement->shares[assignment->node_index];

    if (local < assignment->n_task_gpus)
        return assignment->task_gpus[local];

    if (step->own->has_devices)
        return local < step->own->n_task_devices ? step->own->task_devices[local]
                                                 : NULL;
    return local < share->n_task_devices && share->n_task_devices == step->own->n_ranks
               ? share->task_devices[local]
               : NULL;
}

/* Which of several programs; NULL: there is one. */
static const Berth__MpiApp *app_of(const Berth__StepSpec *spec, uint32_t rank)
{
    uint32_t end = 0;

    for (size_t i = 0; i < spec->n_apps; i++)
        if (rank < (end += spec->apps[i]->tasks))
            return spec->apps[i];
    return NULL;
}

/* What was granted and asked for; its program and streams are the caller's to add. */
static struct task_spec order_of(const struct task *task, const Berth__MpiApp *app)
{
    const struct step *step = task->step;
    const Berth__StepSpec *spec = step->launch->spec;
    const Berth__Assignment *assignment = step->sh->assignment;
    uint32_t local = task->local;
    const char *cpus =
        local < assignment->n_task_pus ? assignment->task_pus[local] : "";
    struct task_spec order = {
        .id = local,
        .cwd = box_workdir(spec->container, app && app->cwd[0] ? app->cwd : spec->cwd),
        .cpus = cpus[0] ? cpus : NULL,
        .memory_policy = assignment->memory_policy,
        .umask = spec->umask,
        .new_session = true,
        .has_terminal = streams_has_terminal(task),
    };

    if (local < assignment->n_task_memory && !assignment->virtual_topology)
        order.memory = assignment->task_memory[local];
    if (order.has_terminal) {
        order.rows = (uint16_t)spec->terminal->rows;
        order.columns = (uint16_t)spec->terminal->columns;
    }
    return order;
}

static int start_task(struct step *step, struct task *task, char *const *base,
                      struct err *err)
{
    const Berth__StepSpec *spec = step->launch->spec;
    const Berth__Assignment *assignment = step->sh->assignment;
    const Berth__MpiApp *app = app_of(spec, task->rank);
    cleanup(strv_freep) char **env = strv_dup(base);
    cleanup(strv_freep) char **own_argv =
        programs_argv(spec, &step->programs, task->rank);
    cleanup(strv_freep) char **argv = NULL;
    int fds[4] = {-1, -1, -1, -1};
    int rc;

    for (size_t i = 0; app && i < app->n_env; i++)
        taskenv_set(&env, app->env[i]);
    taskenv_task(&env, step->launch, task->local);
    devices_env(&env, assignment->devices, step->box->device_env,
                step->box->image != NULL, tasks_devices_of(step, task->local));
    rc = step->wiring ? wiring_task_env(step->wiring, task->rank, &env, err) : 0;
    if (!rc)
        rc = streams_open(task, fds, err);
    argv = task_hooks_wrap(assignment, spec, step->box->image != NULL,
                           box_tools_program(step->box),
                           box_command(step->box, app ? app->argv : own_argv,
                                       app ? app->n_argv : strv_len(own_argv)));
    if (!rc && step->wiring)
        fds[BERTH_MPI_TASK_FD] = wiring_task_fd(step->wiring, task->rank);
    if (!rc) {
        cleanup(freep) char *notice = bound_notice(task);
        struct task_spec order = order_of(task, app);

        order.argv = argv;
        order.env = env;
        memcpy(order.fds, fds, sizeof(order.fds));
        order.has_wire = fds[3] >= 0;
        order.notice = notice;
        alone_remember(task, app ? app->argv[0] : own_argv[0], env, order.cwd);
        rc = container_spawn(step->box->container, &order, err);
    }
    for (int i = 0; i < 4; i++)
        closep(&fds[i]);
    return rc;
}

static void task_init(struct task *task, struct step *step, uint32_t local)
{
    task->step = step;
    task->local = local;
    task->rank = step->own->ranks[local];
    task->terminal_sock = -1;
    task->streams[0].task = task->streams[1].task = task;
}

int tasks_start(struct step *step, struct err *err)
{
    const Berth__StepSpec *spec = step->launch->spec;
    struct shepherd *sh = step->sh;
    cleanup(strv_freep) char **env = NULL;
    int rc = programs_read(spec, &step->programs, err);

    for (size_t i = 0; i < spec->n_env; i++)
        strv_add(&env, spec->env[i]);
    taskenv_image(&env, step->box->image_env, step->box->image_digest, spec->container);
    taskenv_job(&env, sh->grant, sh->assignment->cluster, sh->assignment->node_index,
                sh->dir, box_path_dir(step->box));
    taskenv_step(&env, step->launch);
    taskenv_slurm_job(&env, sh->grant, sh->assignment->node_index);
    taskenv_slurm_step(&env, sh->grant, step->launch);
    bound_env(&env, step);
    wiring_forget_outer(&env);
    launchers_env(sh, step->box, &env);
    step->n_tasks = spec->bag ? 1 : (uint32_t)step->own->n_ranks;
    step->tasks = xcalloc(step->n_tasks + 1, sizeof(*step->tasks));
    (void)uv_poll_init(sh->loop, &step->box_poll, container_fd(step->box->container));
    step->box_poll.data = step;
    (void)uv_poll_start(&step->box_poll, UV_READABLE, on_box);
    for (uint32_t i = 0; i < step->n_tasks && !rc; i++) {
        struct task *task = &step->tasks[i];

        task_init(task, step, i);
        step->n_running++;
        rc = spec->bag ? bag_node_start(step, env, err)
                       : start_task(step, task, env, err);
        if (rc) {
            task->has_ended = true;
            streams_ended(task);
            step->n_running--;
            step->n_tasks = i;
        }
    }
    if (!spec->label)
        stream_files_close(step);
    input_continue(step);
    bound_tell(step);
    guests_open(&step->guests, step->box, env, spec->cwd, sh->assignment->pus,
                spec->umask);
    return rc;
}
