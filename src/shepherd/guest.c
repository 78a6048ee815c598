/* SPDX-License-Identifier: Apache-2.0
 *
 * guest.c - the life of a program that a client started inside a container
 *
 *     asked for --> ordered --> started --> ended --> output sent --> told --> gone
 *                      |  (could not be executed)  ^
 *                      +---------------------------+
 *
 * Lost clients: the program is hung up (SIGHUP), and killed when it stays.
 */
#include "shepherd/guest.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUESTS_MAX 256
#define HANGUP_MS 10000    /* to leave in after the client has */
#define LAST_WORDS_MS 5000 /* for the client to read them, when all has ended */

/* -------------------------------------------------------------------- gone */

static void guest_free(struct guest *guest)
{
    struct guests *guests = guest->of;
    struct guest **slot = &guests->first;

    while (*slot != guest)
        slot = &(*slot)->next;
    *slot = guest->next;
    guests->n--;
    closep(&guest->terminal_sock);
    strbuf_fini(&guest->queue);
    free(guest->words);
    free(guest);
    if (!guests->first && guests->on_empty)
        guests->on_empty(guests->ctx);
}

void guest_unref(struct guest *guest)
{
    if (--guest->n_handles == 0)
        guest_free(guest);
}

static void on_closed(uv_handle_t *handle)
{
    guest_unref(handle->data);
}

/* Nobody needs it any more: the program is gone, and so is the client. */
static void leave_if_over(struct guest *guest)
{
    if (guest->ch || !guest->has_ended || uv_is_closing((uv_handle_t *)&guest->grace))
        return;
    guest_io_close(guest);
    uv_close((uv_handle_t *)&guest->grace, on_closed);
}

/* --------------------------------------------------------------------- end */

static void tell_ended(struct guest *guest)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ExecEnded ended = BERTH__EXEC_ENDED__INIT;

    ended.status = guest->status;
    if (guest->words)
        ended.words = guest->words;
    env.body_case = BERTH__ENVELOPE__BODY_EXEC_ENDED;
    env.exec_ended = &ended;
    channel_send(guest->ch, &env);
    guest->has_told = true;
    channel_close(guest->ch);
}

void guest_maybe_finish(struct guest *guest)
{
    /* The other side of a connection has closed. */
    if (guest->is_connection && guest->has_started && guest->out[0].fd < 0)
        guest->has_ended = true;
    if (guest->has_ended && guest->ch && !guest->has_told && guest_io_is_drained(guest))
        tell_ended(guest);
    leave_if_over(guest);
}

static void guest_ended(struct guest *guest, int status)
{
    if (guest->has_ended)
        return;
    guest->has_ended = true;
    guest->status = status;
    if (!guest->words && WIFSIGNALED(status))
        str_replace(&guest->words, guest->of->ending);
    (void)uv_timer_stop(&guest->grace);
    guest_maybe_finish(guest);
}

static struct guest *guest_by_id(struct guests *guests, uint32_t id)
{
    for (struct guest *guest = guests->first; guest; guest = guest->next)
        if (guest->id == id)
            return guest;
    return NULL;
}

static void guest_started(struct guest *guest)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ExecStarted started = BERTH__EXEC_STARTED__INIT;

    if (guest->has_started)
        return;
    guest->has_started = true;
    started.node = guest->of->sh->assignment->node_name;
    env.id = guest->request;
    env.reply = true;
    env.body_case = BERTH__ENVELOPE__BODY_EXEC_STARTED;
    env.exec_started = &started;
    if (!guest->ch)
        return;
    channel_send(guest->ch, &env);
    guest_io_start(guest);
}

static void on_reader_late(uv_timer_t *timer)
{
    struct guest *guest = timer->data;

    if (guest->ch)
        channel_abort(guest->ch, "the client does not read");
}

/* Who does not read will not hold us up for ever. */
static void hurry(struct guest *guest)
{
    if (guest->ch && guest->of->is_over)
        (void)uv_timer_start(&guest->grace, on_reader_late, LAST_WORDS_MS, 0);
}

void guests_end(struct guests *guests, const char *words)
{
    guests->box = NULL;
    guests->is_over = true;
    strv_free(take(guests->env));
    for (struct guest *guest = guests->first; guest; guest = guest->next) {
        if (guest->has_ended)
            continue;
        if (guest->is_outside) {
            guest_io_close_input(guest);
            continue;
        }
        if (!guest->is_attached)
            str_replace(&guest->words, words);
        guest_ended(guest, guest->is_attached ? guests->status : SIGKILL);
    }
    for (struct guest *guest = guests->first; guest; guest = guest->next)
        hurry(guest);
}

void guests_told_to_end(struct guests *guests, const char *words)
{
    if (!guests->ending)
        guests->ending = xstrdup(words);
}

uint32_t guests_scope_of(int signo)
{
    bool is_for_all =
        signo == SIGTERM || signo == SIGKILL || signo == SIGSTOP || signo == SIGCONT;

    return is_for_all ? UINT32_MAX : TASK_GUEST;
}

bool guests_take_event(struct guests *guests, const struct container_event *event)
{
    struct guest *guest;

    if (event->kind == CONTAINER_GONE || event->task <= TASK_GUEST)
        return false;
    guest = guest_by_id(guests, event->task);
    if (!guest)
        return true;
    if (event->kind == CONTAINER_TASK_STARTED) {
        guest_started(guest);
    } else {
        if (event->words[0])
            str_replace(&guest->words, event->words);
        guest_ended(guest, event->status);
    }
    return true;
}

/* -------------------------------------------------------------- the client */

static void signal_guest(struct guest *guest, int signo)
{
    if (guest->is_connection || guest->is_attached)
        return;
    if (guest->is_outside) {
        if (!guest->has_ended)
            (void)uv_process_kill(&guest->process, signo);
    } else if (!guest->has_ended && guest->of->box)
        (void)container_signal(guest->of->box->container, guest->id, signo, NULL);
}

static void on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                       void *ctx)
{
    struct guest *guest = ctx;

    (void)adopted;
    if (env->body_case == BERTH__ENVELOPE__BODY_EXEC_DATA) {
        if (guest_io_take(guest, env->exec_data))
            channel_abort(ch, "more input than was asked for");
        hurry(guest);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_EXEC_CONTROL) {
        if (env->exec_control->signal > 0)
            signal_guest(guest, env->exec_control->signal);
        if (env->exec_control->window)
            guest_io_resize(guest, env->exec_control->window);
    } else {
        channel_reply_status(ch, env, EINVAL, "this connection has its program");
    }
}

static void on_grace_over(uv_timer_t *timer)
{
    signal_guest(timer->data, SIGKILL);
}

static void on_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct guest *guest = ctx;

    (void)ch;
    (void)why;
    guest->ch = NULL;
    if (guest->is_connection || guest->is_attached) {
        guest_io_close_input(guest);
        guest->has_ended = true;
    } else if (!guest->has_ended) {
        signal_guest(guest, SIGHUP);
        /* What is stopped does not hear it. */
        signal_guest(guest, SIGCONT);
        guest_io_close(guest);
        (void)uv_timer_start(&guest->grace, on_grace_over, HANGUP_MS, 0);
    }
    leave_if_over(guest);
}

static const struct channel_callbacks callbacks = {
    .on_message = on_message,
    .on_close = on_close,
};

/* ------------------------------------------------------------------- start */

void guests_init(struct guests *guests, struct shepherd *sh)
{
    *guests = (struct guests){.sh = sh, .last_id = TASK_GUEST};
}

void guests_open(struct guests *guests, struct box *box, char *const *env,
                 const char *cwd, const char *cpus, unsigned int umask)
{
    guests->box = box;
    guests->env = strv_dup(env);
    guests->cwd = cwd;
    guests->cpus = cpus;
    guests->umask = umask;
}

static char **guest_env(const struct guests *guests, const Berth__ExecRequest *request)
{
    char **env = strv_dup(guests->env);

    for (size_t i = 0; i < request->n_env; i++) {
        const char *eq = strchr(request->env[i], '=');
        cleanup(freep) char *name = NULL;

        if (!eq)
            continue;
        name = xstrndup(request->env[i], (size_t)(eq - request->env[i]));
        strv_setenv(&env, name, eq + 1);
    }
    return env;
}

static int spawn(struct guest *guest, const Berth__ExecRequest *request,
                 const int fds[3], struct err *err)
{
    const struct guests *guests = guest->of;
    cleanup(strv_freep) char **env = guest_env(guests, request);
    cleanup(strv_freep) char **argv = NULL;
    bool needs_cwd = request->workdir[0] != '\0';
    struct task_spec task = {
        .id = guest->id,
        .cwd = needs_cwd ? request->workdir : guests->cwd,
        .needs_cwd = needs_cwd,
        .fds = {fds[0], fds[1], fds[2]},
        .cpus = guests->cpus && guests->cpus[0] ? guests->cpus : NULL,
        .umask = guests->umask,
        .new_session = true,
        .has_terminal = guest->has_terminal,
    };

    if (request->terminal) {
        task.rows = (uint16_t)request->terminal->rows;
        task.columns = (uint16_t)request->terminal->columns;
    }
    for (size_t i = 0; i < request->n_argv; i++)
        strv_add(&argv, request->argv[i]);
    if (request->is_tool)
        str_replace(&argv[0], box_tools_program(guests->box));
    task.argv = argv;
    task.env = env;
    return container_spawn(guests->box->container, &task, err);
}

static struct guest *guest_create(struct guests *guests, struct channel *ch,
                                  const Berth__Envelope *env, bool has_terminal)
{
    struct guest *guest = xcalloc(1, sizeof(*guest));

    guest->of = guests;
    guest->ch = ch;
    guest->id = ++guests->last_id;
    guest->request = env->id;
    guest->has_terminal = has_terminal;
    guest->terminal_sock = guest->in.fd = guest->out[0].fd = guest->out[1].fd = -1;
    guest->window = GUEST_WINDOW;
    (void)uv_timer_init(guests->sh->loop, &guest->grace);
    guest->grace.data = guest;
    guest->n_handles = 1;
    guest->next = guests->first;
    guests->first = guest;
    guests->n++;
    return guest;
}

static int check(const struct guests *guests, const Berth__ExecRequest *request,
                 struct err *err)
{
    if (guests->is_over)
        return err_set(err, ESRCH, "the container has ended");
    if (!guests->box)
        return err_set(err, EAGAIN, "the container is being built");
    if (guests->n >= GUESTS_MAX)
        return err_set(err, EUSERS,
                       "%u programs were started in this container already", guests->n);
    if (request->n_argv == 0)
        return err_set(err, EINVAL, "a program without a name");
    if (request->terminal && (request->terminal->rows > UINT16_MAX ||
                              request->terminal->columns > UINT16_MAX))
        return err_set(err, EINVAL, "no terminal is that large");
    return 0;
}

static void on_refused_close(struct channel *ch, const struct err *why, void *ctx)
{
    (void)ch;
    (void)why;
    (void)ctx;
}

static void ignore(struct channel *ch, const Berth__Envelope *env, int adopted,
                   void *ctx)
{
    (void)ch;
    (void)env;
    (void)adopted;
    (void)ctx;
}

void guests_refuse(struct channel *ch, const Berth__Envelope *env,
                   const struct err *err)
{
    static const struct channel_callbacks nobody = {.on_message = ignore,
                                                    .on_close = on_refused_close};

    channel_reply_status(ch, env, err->code, err->text);
    channel_hand_over(ch, &nobody, NULL);
    channel_close(ch);
}

/* The same once there is a guest, who goes with it. */
static void refuse_guest(struct guest *guest, struct channel *ch,
                         const Berth__Envelope *env, const struct err *err)
{
    guests_refuse(ch, env, err);
    guest->ch = NULL;
    guest->has_ended = true;
    leave_if_over(guest);
}

void guests_request(struct guests *guests, struct channel *ch,
                    const Berth__Envelope *env)
{
    int fds[3] = {-1, -1, -1};
    struct guest *guest;
    struct err err;
    int rc;

    if (check(guests, env->exec, &err)) {
        guests_refuse(ch, env, &err);
        return;
    }
    guest = guest_create(guests, ch, env, env->exec->terminal != NULL);
    rc = guest_io_open(guest, env->exec->has_stdin, fds, &err);
    if (!rc)
        rc = spawn(guest, env->exec, fds, &err);
    for (int i = 0; i < 3; i++)
        closep(&fds[i]);
    if (!rc) {
        channel_hand_over(ch, &callbacks, guest);
        return;
    }
    refuse_guest(guest, ch, env, &err);
}

/* ----------------------------------------------------------------- outside */

static void on_process_closed(uv_handle_t *handle)
{
    guest_unref(handle->data);
}

static void on_exit_outside(uv_process_t *process, int64_t status, int signo)
{
    struct guest *guest = process->data;

    guest_ended(guest, W_EXITCODE((int)status & 0xff, signo));
    uv_close((uv_handle_t *)process, on_process_closed);
}

static int spawn_outside(struct guest *guest, char *const *argv, const int fds[3],
                         struct err *err)
{
    cleanup(strv_freep) char **args = strv_dup(argv);
    char *env[] = {NULL};
    uv_stdio_container_t stdio[3];
    uv_process_options_t options = {
        .file = args[0], .args = args, .env = env, .exit_cb = on_exit_outside};
    int rc;

    for (int i = 0; i < 3; i++) {
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = fds[i];
    }
    options.stdio = stdio;
    options.stdio_count = 3;
    guest->is_outside = true;
    guest->process.data = guest;
    guest->n_handles++;
    rc = uv_spawn(guest->of->sh->loop, &guest->process, &options);
    if (!rc)
        return 0;
    uv_close((uv_handle_t *)&guest->process, on_process_closed);
    return err_set(err, -rc, "%s: %s", argv[0], uv_strerror(rc));
}

void guests_run_outside(struct guests *guests, struct channel *ch,
                        const Berth__Envelope *env, char *const *argv)
{
    struct guest *guest = guest_create(guests, ch, env, false);
    int fds[3] = {-1, -1, -1};
    struct err err;
    int rc = guest_io_open(guest, true, fds, &err);

    if (!rc)
        rc = spawn_outside(guest, argv, fds, &err);
    for (int i = 0; i < 3; i++)
        closep(&fds[i]);
    if (!rc) {
        channel_hand_over(ch, &callbacks, guest);
        guest_started(guest);
        return;
    }
    refuse_guest(guest, ch, env, &err);
}

/* ------------------------------------------------------------- connections */

void guests_connect(struct guests *guests, struct channel *ch,
                    const Berth__Envelope *env, int fd)
{
    struct guest *guest = guest_create(guests, ch, env, false);
    struct err err;

    guest->is_connection = true;
    if (guest_io_take_socket(guest, fd, &err) == 0) {
        channel_hand_over(ch, &callbacks, guest);
        guest_started(guest);
        return;
    }
    refuse_guest(guest, ch, env, &err);
}

/* ------------------------------------------------------------------ attached */

void guests_attach(struct guests *guests, struct channel *ch,
                   const Berth__Envelope *env, bool has_terminal, const int fds[3])
{
    struct guest *guest = guest_create(guests, ch, env, false);

    guest->is_attached = true;
    guest_io_take_streams(guest, fds);
    channel_hand_over(ch, &callbacks, guest);
    guest_started(guest);
    guest->has_terminal = has_terminal;
    if (env->attach->terminal)
        guest_io_resize(guest, env->attach->terminal);
}
