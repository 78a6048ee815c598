/* SPDX-License-Identifier: Apache-2.0
 *
 * input.c - what the tasks of a step read
 *
 *     client --> lead --> root --+--> tasks here
 *                                +--> children --> ...
 *
 * Bytes for all tasks have been taken when the slowest has; so nothing piles up
 * beyond what a client may have on its way, and the slowest reader sets the pace.
 * Nothing is passed on before all who should have it can be reached. A task that has
 * ended, and a child that has, hold up nobody.
 */
#include "shepherd/step.h"

#include "base/mem.h"
#include "shepherd/tree.h"
#include "wire/stream_choice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* One message, given to several tasks. */
struct chunk {
    struct step *step;
    struct chunk *next;
    uint32_t len;
    uint32_t waiting; /* tasks that have not taken it */
    char data[];
};

struct write {
    uv_write_t req;
    struct chunk *chunk;
};

/* ------------------------------------------------------------------- taken */

static uint64_t taken_by_all(const struct step *step)
{
    uint64_t taken = step->input.taken;

    for (uint32_t i = 0; i < step->n_children; i++) {
        const struct child *child = &step->children[i];

        if (!child->has_ended && !child->has_no_input && child->taken < taken)
            taken = child->taken;
    }
    return taken;
}

/* So much has left for the tasks, or for nowhere: the client may send more. */
static void tell_taken(struct step *step)
{
    uint64_t taken = taken_by_all(step);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskInput msg = BERTH__TASK_INPUT__INIT;

    if (taken == step->input.told)
        return;
    msg.taken = (uint32_t)(taken - step->input.told);
    step->input.told = taken;
    env.body_case = BERTH__ENVELOPE__BODY_INPUT;
    env.input = &msg;
    branch_up(step, &env);
}

/* Each task takes chunks in their order, so the oldest one is through first. */
static void settle(struct step *step)
{
    struct input *input = &step->input;

    while (input->oldest && input->oldest->waiting == 0) {
        struct chunk *chunk = input->oldest;

        input->taken += chunk->len;
        input->oldest = chunk->next;
        if (!input->oldest)
            input->newest = &input->oldest;
        free(chunk);
    }
    tell_taken(step);
}

void input_child_took(struct child *child, uint32_t len)
{
    child->taken += len;
    tell_taken(child->step);
}

/* ------------------------------------------------------------ to a task here */

static bool gets_input(const struct task *task)
{
    const Berth__StepSpec *spec = task->step->launch->spec;

    if (spec->terminal)
        return task->rank == 0;
    if (spec->no_stdin || spec->input[0])
        return false;
    return !spec->input_to_one || task->rank == spec->input_task;
}

/* What its bytes are written to; NULL: there is nothing (any more). */
static uv_stream_t *sink_of(struct task *task)
{
    if (task->has_input)
        return (uv_stream_t *)&task->stdin_pipe;
    if (streams_has_terminal(task) && task->streams[0].is_open)
        return (uv_stream_t *)&task->streams[0].pipe;
    return NULL;
}

static void on_written(uv_write_t *req, int status)
{
    struct write *write = (struct write *)req;
    struct chunk *chunk = write->chunk;

    (void)status;
    free(write);
    chunk->waiting--;
    settle(chunk->step);
}

static void give(struct task *task, struct chunk *chunk)
{
    uv_stream_t *sink = sink_of(task);
    uv_buf_t buf = uv_buf_init(chunk->data, chunk->len);
    struct write *write;

    if (!sink)
        return;
    write = xcalloc(1, sizeof(*write));
    write->chunk = chunk;
    chunk->waiting++;
    if (uv_write(&write->req, sink, &buf, 1, on_written) == 0)
        return;
    chunk->waiting--;
    free(write);
}

void input_close(struct task *task)
{
    if (task->has_input)
        uv_close((uv_handle_t *)&task->stdin_pipe, NULL);
    task->has_input = false;
}

static void on_shut(uv_shutdown_t *req, int status)
{
    (void)status;
    input_close(req->data);
    free(req);
}

/* The end of a terminal's input is a character, where it is one at all. */
static void end_terminal(uv_stream_t *sink, struct chunk *chunk, struct task *task)
{
    struct termios how;
    uv_os_fd_t fd;

    if (uv_fileno((uv_handle_t *)sink, &fd) || tcgetattr(fd, &how) ||
        !(how.c_lflag & ICANON) || !how.c_cc[VEOF])
        return;
    chunk->data[0] = (char)how.c_cc[VEOF];
    chunk->len = 1;
    give(task, chunk);
    chunk->len = 0;
}

static void end_one(struct task *task)
{
    uv_shutdown_t *shut = xcalloc(1, sizeof(*shut));

    shut->data = task;
    if (uv_shutdown(shut, (uv_stream_t *)&task->stdin_pipe, on_shut))
        free(shut);
}

/* ------------------------------------------------------------------ passing */

static struct chunk *add_chunk(struct step *step, const void *data, size_t len)
{
    struct chunk *chunk = xcalloc(1, sizeof(*chunk) + len + 1);

    chunk->step = step;
    chunk->len = (uint32_t)len;
    if (len)
        memcpy(chunk->data, data, len);
    if (!step->input.oldest)
        step->input.newest = &step->input.oldest;
    *step->input.newest = chunk;
    step->input.newest = &chunk->next;
    return chunk;
}

static void give_here(struct step *step, const void *data, size_t len)
{
    struct chunk *chunk = add_chunk(step, data, len);

    for (uint32_t i = 0; i < step->n_tasks; i++) {
        struct task *task = &step->tasks[i];

        if (!gets_input(task))
            continue;
        if (len)
            give(task, chunk);
        else if (task->has_input)
            end_one(task);
        else if (sink_of(task))
            end_terminal(sink_of(task), chunk, task);
    }
    settle(step);
}

static void pass(struct step *step, const void *data, size_t len)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskInput msg = BERTH__TASK_INPUT__INIT;

    msg.data.data = (uint8_t *)(uintptr_t)data;
    msg.data.len = len;
    env.body_case = BERTH__ENVELOPE__BODY_INPUT;
    env.input = &msg;
    for (uint32_t i = 0; i < step->n_children; i++)
        if (step->children[i].ch && !step->children[i].has_no_input)
            channel_send(step->children[i].ch, &env);
    give_here(step, data, len);
}

void input_take(struct step *step, const void *data, size_t len)
{
    struct input *input = &step->input;

    if (input->flows) {
        pass(step, data, len);
    } else {
        strbuf_add(&input->early, data, len);
        input->early_end |= len == 0;
    }
}

/* ------------------------------------------------------------------- start */

static bool is_task_of(const struct step *step, uint32_t index, uint32_t rank)
{
    const Berth__StepNode *node = step->launch->nodes[index];

    for (size_t i = 0; i < node->n_ranks; i++)
        if (node->ranks[i] == rank)
            return true;
    return false;
}

/* Input for one task goes down one way. */
static void choose_children(struct step *step)
{
    const Berth__StepSpec *spec = step->launch->spec;
    uint32_t rank = spec->terminal ? 0 : spec->input_task, to = UINT32_MAX;

    if (!spec->terminal && !spec->input_to_one)
        return;
    for (uint32_t i = 0; i < step->n_nodes && to == UINT32_MAX; i++)
        if (is_task_of(step, i, rank))
            to = tree_child_towards(step->launch->index, i, step->fanout);
    for (uint32_t i = 0; i < step->n_children; i++)
        step->children[i].has_no_input = step->children[i].index != to;
}

static bool is_all_there(const struct step *step)
{
    for (uint32_t i = 0; i < step->n_children; i++)
        if (!step->children[i].is_known && !step->children[i].has_ended)
            return false;
    for (uint32_t i = 0; i < step->n_tasks; i++)
        if (step->tasks[i].terminal_sock >= 0 && !step->tasks[i].has_ended)
            return false;
    return step->is_started && step->tasks;
}

void input_continue(struct step *step)
{
    const Berth__StepSpec *spec = step->launch->spec;
    struct input *input = &step->input;

    if (input->flows) {
        tell_taken(step);
        return;
    }
    if (!is_all_there(step))
        return;
    choose_children(step);
    input->flows = true;
    if (input->early.len)
        pass(step, input->early.s, input->early.len);
    /* A terminal that nothing comes from is at its end. */
    if (input->early_end || (spec->terminal && spec->no_stdin))
        pass(step, NULL, 0);
    strbuf_fini(&input->early);
}

static int open_from(struct task *task, const char *pattern, int *ret_fd,
                     struct err *err)
{
    cleanup(freep) char *path = stream_files_name(task, pattern);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return err_sys(err, errno, "--input: cannot read %s", path);
    (void)fcntl(fd, F_SETFL, 0);
    *ret_fd = fd;
    return 0;
}

int input_open(struct task *task, int *ret_fd, struct err *err)
{
    const char *pattern = task->step->launch->spec->input;
    int rc;

    if (pattern[0] && !task->step->launch->spec->terminal)
        return open_from(task, pattern, ret_fd, err);
    if (!gets_input(task)) {
        *ret_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return *ret_fd < 0 ? err_sys(err, errno, "/dev/null") : 0;
    }
    rc = streams_open_pipe(task->step, &task->stdin_pipe, 1, ret_fd, err);
    task->has_input = rc == 0;
    return rc;
}
