/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_run.c - one run of one container of a pod, from start to end
 *
 *     box ordered, program ordered --> started --> program ended: the rest is killed
 *         |  (cannot be built, cannot be executed)     |
 *         +--------------------------------------------+--> gone: told to src/pod
 *
 * Orders wait in the container's socket while its root is built, so nothing here waits.
 */
#include "shepherd/pod_lead.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "container/terminal.h"
#include "objects/bounds.h"
#include "objects/identity.h"
#include "shepherd/box.h"
#include "shepherd/group.h"
#include "shepherd/pod_command.h"
#include "shepherd/pod_image.h"
#include "shepherd/pod_log.h"
#include "shepherd/pod_log_file.h"
#include "shepherd/pod_mounts.h"
#include "shepherd/pod_network.h"
#include "shepherd/pod_probes.h"
#include "shepherd/pod_vars.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define UMASK 022
/* Of a termination message; and of the log in its place. */
#define MESSAGE_MAX 4096
#define MESSAGE_LINES 80
#define MESSAGE_LOG_MAX 2048
/* Of what is attached. */
#define COPY_BYTES (1 << 20)
#define ATTACHED_MAX 64

struct pod_run {
    struct pod_member *member; /* NULL: over, but for clients that read */
    struct pod_lead *of;
    struct box *box;
    uv_poll_t poll;
    unsigned int attempt;
    struct guests guests;
    struct pod_log *log;
    int terminal_sock; /* that its terminal comes over; -1 */
    int input;         /* our end of its stdin; -1 */
    bool has_started, has_ended, is_killed;
    int status;
    char *words; /* why it could not be executed */
    char *cwd;   /* of what is run in it */
};

/* What a start gathers before the container is ordered. */
struct plan {
    struct image *image;
    char **env, **argv;
    struct pod_mount_list mounts;
    bool is_config; /* an error is about what the manifest names */
};

static void plan_fini(struct plan *plan)
{
    image_free(plan->image);
    strv_free(plan->env);
    strv_free(plan->argv);
    pod_mount_list_fini(&plan->mounts);
}

static void tell(struct pod_member *member, enum pod_event_kind kind, int status,
                 const char *words)
{
    const struct pod_event event = {
        .kind = kind, .container = member->index, .status = status, .words = words};

    pod_lead_tell(member->of, &event);
}

/* --------------------------------------------------------------------- the end */

static void free_run(struct pod_run *run)
{
    struct pod_lead *pl = run->of;

    free(run->guests.ending);
    free(run->words);
    free(run->cwd);
    free(run);
    pod_lead_left(pl);
}

static void on_clients_gone(void *ctx)
{
    free_run(ctx);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct pod_run *run = handle->data;

    guests_end(&run->guests, "the container has ended");
    if (run->guests.n == 0) {
        free_run(run);
        return;
    }
    run->guests.on_empty = on_clients_gone;
    run->guests.ctx = run;
}

/* What it left to say, or else the end of what it wrote. */
static char *last_words(const struct pod_run *run)
{
    const struct pod_member *member = run->member;
    cleanup(freep) char *file = pod_mounts_message_file(member);
    cleanup(freep) char *path =
        pod_log_path(member->of, member->spec->name, run->attempt);
    cleanup(closep) int fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    char *text = xcalloc(1, MESSAGE_MAX + 1);
    ssize_t n = fd < 0 ? 0 : read(fd, text, MESSAGE_MAX);

    if (n > 0 || member->spec->message != MF_MESSAGE_LOGS || run->status == 0)
        return text;
    free(text);
    return pod_log_file_tail(path, MESSAGE_LINES, MESSAGE_LOG_MAX);
}

/* All that was in the container has ended. */
static void run_over(struct pod_run *run)
{
    struct pod_member *member = run->member;
    cleanup(freep) char *words = NULL;
    bool has_started = run->has_started;
    int status = run->has_ended ? run->status : SIGKILL;

    pod_probes_gone(member);
    pod_log_close(take(run->log));
    closep(&run->terminal_sock);
    closep(&run->input);
    words = has_started ? last_words(run) : take(run->words);
    /* Before the box closes what it polls. */
    uv_close((uv_handle_t *)&run->poll, on_poll_closed);
    run->guests.box = NULL;
    box_destroy(take(run->box));
    run->member = NULL;
    member->run = NULL;
    member->of->n_leaving++;
    if (has_started)
        tell(member, POD_ENDED, status, words);
    else
        tell(member, POD_START_FAILED, status, words ? words : "it was killed");
}

/* ---------------------------------------------------------------------- events */

static void take_terminal(struct pod_run *run)
{
    int master;

    if (run->terminal_sock < 0 || terminal_receive(run->terminal_sock, &master))
        return;
    closep(&run->terminal_sock);
    run->input = fcntl(master, F_DUPFD_CLOEXEC, 0);
    pod_log_read(run->log, 1, master);
}

static void note_oom(struct pod_run *run)
{
    if (group_killed_in(run->of->sh, run->member->spec->name))
        tell(run->member, POD_OOM, 0, NULL);
}

static void program_ended(struct pod_run *run, const struct container_event *event)
{
    run->status = event->status;
    run->guests.status = event->status;
    run->has_ended = true;
    note_oom(run);
    if (event->words[0])
        str_replace(&run->words, event->words);
    run->of->lead->ended.user_usec += event->user_usec;
    run->of->lead->ended.system_usec += event->system_usec;
    if (event->max_rss_kib > run->of->lead->ended.max_rss)
        run->of->lead->ended.max_rss = event->max_rss_kib;
    /* What it left behind ends with it. */
    container_kill(run->box->container);
}

static void take_event(struct pod_run *run, const struct container_event *event)
{
    struct pod_member *member = run->member;

    if (event->kind == CONTAINER_GONE) {
        if (!run->has_started && event->words[0] && !run->words)
            run->words = xstrdup(event->words);
        /* Killed as a whole, there was nobody left to tell of the program's end. */
        if (!run->has_ended)
            note_oom(run);
        run_over(run);
    } else if (pod_probes_take_event(member, event) ||
               guests_take_event(&run->guests, event)) {
        return;
    } else if (event->kind == CONTAINER_TASK_STARTED) {
        run->has_started = true;
        take_terminal(run);
        tell(member, POD_STARTED, 0, NULL);
    } else {
        program_ended(run, event);
    }
}

static void on_container(uv_poll_t *poll, int status, int events)
{
    struct pod_run *run = poll->data;
    struct container_event event;
    int rc = 0;

    (void)status;
    (void)events;
    while (run->member && (rc = container_next_event(run->box->container, &event)) > 0)
        take_event(run, &event);
    if (rc < 0 && run->member)
        container_kill(run->box->container);
}

/* --------------------------------------------------------------------- streams */

static int make_pipe(int *ret_ours, int *ret_theirs, bool is_input, struct err *err)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC))
        return err_sys(err, errno, "pipe");
    *ret_ours = fds[is_input];
    *ret_theirs = fds[!is_input];
    return 0;
}

static int open_terminal(struct pod_run *run, int fds[3], struct err *err)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return err_sys(err, errno, "socket pair for a terminal");
    run->terminal_sock = pair[0];
    fds[0] = pair[1];
    for (int i = 1; i < 3; i++)
        fds[i] = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
    return 0;
}

/* Who wants a stdin has one that does not end, until somebody attaches. */
static int open_streams(struct pod_run *run, int fds[3], struct err *err)
{
    const struct mf_container *spec = run->member->spec;
    int rc = 0;

    if (spec->has_tty)
        return open_terminal(run, fds, err);
    if (spec->has_stdin)
        rc = make_pipe(&run->input, &fds[0], true, err);
    else
        fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (unsigned int i = 1; i < 3 && !rc; i++) {
        int ours = -1;

        rc = make_pipe(&ours, &fds[i], false, err);
        if (!rc)
            pod_log_read(run->log, i, ours);
    }
    return rc;
}

/* ----------------------------------------------------------------------- start */

static const struct mf_seccomp *seccomp_of(const struct pod_member *member)
{
    const struct mf_security *own = member->spec->security;
    const struct mf_pod_security *pods = member->of->spec->spec->security;

    return own && own->seccomp ? own->seccomp : pods ? pods->seccomp : NULL;
}

static int describe(const struct pod_member *member, const struct image *image,
                    Berth__ContainerSpec *ret, struct err *err)
{
    const struct mf_container *spec = member->spec;
    const struct mf_seccomp *seccomp = seccomp_of(member);
    static char unconfined[] = "unconfined";

    berth__container_spec__init(ret);
    ret->image = spec->image;
    ret->image_digest = (char *)(uintptr_t)image->digest;
    ret->as_root = sandbox_is_root(member->of->sandbox);
    ret->read_only = spec->security && spec->security->is_read_only;
    ret->no_home = true;
    if (spec->workdir)
        ret->workdir = spec->workdir;
    if (seccomp && seccomp->kind == MF_SECCOMP_UNCONFINED)
        ret->seccomp = unconfined;
    if (seccomp && seccomp->kind == MF_SECCOMP_LOCAL)
        return err_set(err, ENOTSUP,
                       "seccompProfile: profiles of the node are not known here");
    return 0;
}

static uint64_t node_memory(void)
{
    return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int create_box(struct pod_run *run, struct plan *plan, struct err *err)
{
    struct pod_member *member = run->member;
    struct box_place place = {
        .sandbox = member->of->sandbox,
        .mounts = plan->mounts.v,
        .n_mounts = plan->mounts.n,
        .hosts = pod_network_hosts(member->of),
        .fake_ids = pod_container_user(member->of->spec->spec, member->spec) == 0};
    Berth__ContainerSpec spec;
    int rc = describe(member, plan->image, &spec, err);

    place.groups = group_doors_of(member->of->sh, member->spec->name, &place.n_groups);
    place.oom_score =
        pod_oom_score(member->of->spec->spec, member->spec, node_memory());
    return rc ? rc
              : box_create_in(member->of->sh, &spec, &place, member->spec->name,
                              &run->box, err);
}

static int spawn(struct pod_run *run, const struct plan *plan, struct err *err)
{
    const struct mf_container *spec = run->member->spec;
    const char *pus = run->of->sh->assignment->pus;
    const char *cwd = spec->workdir ? spec->workdir : plan->image->workdir;
    int fds[3] = {-1, -1, -1};
    int rc = open_streams(run, fds, err);
    struct task_spec task;

    run->cwd = xstrdup(cwd && cwd[0] ? cwd : "/");
    task = (struct task_spec){
        .argv = plan->argv,
        .env = plan->env,
        .cwd = run->cwd,
        .makes_cwd = true,
        .fds = {fds[0], fds[1], fds[2]},
        .cpus = pus[0] ? pus : NULL,
        .umask = UMASK,
        .new_session = true,
        .has_terminal = spec->has_tty,
        .rows = 24,
        .columns = 80,
    };

    if (!rc)
        rc = container_spawn(run->box->container, &task, err);
    for (int i = 0; i < 3; i++)
        closep(&fds[i]);
    if (!rc)
        guests_open(&run->guests, run->box, plan->env, run->cwd, pus, UMASK);
    return rc;
}

/* What it runs, with what, as far as that is known without a container. */
static int make_plan(struct pod_member *member, struct plan *plan, struct err *err)
{
    int rc = pod_image_open(member, &plan->image, err);

    if (rc)
        return rc;
    plan->is_config = true;
    rc = pod_vars_of(member, plan->image->env, NULL, &plan->env, err);
    if (!rc)
        rc = pod_mounts_of(member, plan->env, &plan->mounts, err);
    plan->is_config = rc != 0;
    return rc ? rc
              : pod_command(member->spec, plan->image->entrypoint, plan->image->cmd,
                            plan->env, &plan->argv, err);
}

static struct pod_run *run_create(struct pod_member *member, unsigned int attempt)
{
    struct pod_run *run = xcalloc(1, sizeof(*run));

    run->member = member;
    run->of = member->of;
    run->attempt = attempt;
    run->terminal_sock = run->input = -1;
    guests_init(&run->guests, member->of->sh);
    return run;
}

static int begin(struct pod_run *run, struct plan *plan, struct err *err)
{
    int rc = make_plan(run->member, plan, err);

    if (!rc)
        rc = pod_log_create(run->member, run->attempt, &run->log, err);
    if (!rc)
        rc = create_box(run, plan, err);
    return rc ? rc : spawn(run, plan, err);
}

static void give_up(struct pod_run *run)
{
    pod_log_close(take(run->log));
    closep(&run->terminal_sock);
    closep(&run->input);
    strv_free(take(run->guests.env));
    box_destroy(run->box);
    free(run->words);
    free(run->cwd);
    free(run);
}

void pod_run_start(struct pod_member *member, unsigned int attempt)
{
    struct pod_run *run = run_create(member, attempt);
    struct plan plan = {0};
    struct err err;
    int rc = begin(run, &plan, &err);

    if (rc) {
        give_up(run);
        tell(member, plan.is_config ? POD_CONFIG_FAILED : POD_START_FAILED,
             W_EXITCODE(128, 0), err.text);
        plan_fini(&plan);
        return;
    }
    plan_fini(&plan);
    member->run = run;
    member->runs = attempt + 1;
    (void)uv_poll_init(member->of->sh->loop, &run->poll,
                       container_fd(run->box->container));
    run->poll.data = run;
    (void)uv_poll_start(&run->poll, UV_READABLE, on_container);
}

/* ---------------------------------------------------------------------- orders */

void pod_run_signal(struct pod_run *run, int signo)
{
    (void)container_signal_process(run->box->container, 0, signo, NULL);
}

void pod_run_kill(struct pod_run *run)
{
    run->is_killed = true;
    group_thaw(run->of->sh);
    container_kill(run->box->container);
}

int pod_run_spawn(struct pod_run *run, uint32_t id, char *const *argv, const int fds[3],
                  struct err *err)
{
    const struct task_spec task = {
        .id = id,
        .argv = argv,
        .env = run->guests.env,
        .cwd = run->guests.cwd,
        .fds = {fds[0], fds[1], fds[2]},
        .cpus = run->guests.cpus[0] ? run->guests.cpus : NULL,
        .umask = UMASK,
        .new_session = true,
    };

    return container_spawn(run->box->container, &task, err);
}

void pod_run_exec(struct pod_run *run, struct channel *ch, const Berth__Envelope *env)
{
    guests_request(&run->guests, ch, env);
}

void pod_run_outside(struct pod_run *run, struct channel *ch,
                     const Berth__Envelope *env, char *const *argv)
{
    guests_run_outside(&run->guests, ch, env, argv);
}

struct container *pod_run_container(struct pod_run *run)
{
    return run->box->container;
}

/* ------------------------------------------------------------------- attaching */

/* stdinOnce: with the first who leaves its input ends. */
static void on_input_end(void *ctx)
{
    struct pod_run *run = ctx;

    closep(&run->input);
}

/* The reader's end of a copy of 'stream'; large enough for who is slow for a moment. */
static int open_copy(struct pod_run *run, unsigned int stream, int *ret,
                     struct err *err)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
        return err_sys(err, errno, "pipe");
    (void)fcntl(fds[1], F_SETPIPE_SZ, COPY_BYTES);
    pod_log_copy_to(run->log, stream, fds[1]);
    *ret = fds[0];
    return 0;
}

static int check_attach(const struct pod_run *run, const Berth__AttachRequest *attach,
                        struct err *err)
{
    const struct mf_container *spec = run->member->spec;

    if (!run->has_started || run->has_ended)
        return err_set(err, EAGAIN, "container '%s' is being started", spec->name);
    if (!attach->has_stdin)
        return 0;
    if (!spec->has_stdin)
        return err_set(err, EINVAL,
                       "container '%s' reads no input: its manifest has no 'stdin: "
                       "true'",
                       spec->name);
    if (run->input < 0)
        return err_set(err, EPIPE, "the input of container '%s' has ended (stdinOnce)",
                       spec->name);
    return 0;
}

void pod_run_attach(struct pod_run *run, struct channel *ch, const Berth__Envelope *env)
{
    const struct mf_container *spec = run->member->spec;
    int fds[3] = {-1, -1, -1};
    struct err err;
    int rc = check_attach(run, env->attach, &err);

    if (!rc && run->guests.n >= ATTACHED_MAX)
        rc = err_set(&err, EUSERS, "too many clients of this container");
    if (!rc)
        rc = open_copy(run, 1, &fds[1], &err);
    if (!rc && !spec->has_tty)
        rc = open_copy(run, 2, &fds[2], &err);
    if (!rc && env->attach->has_stdin) {
        fds[0] = fcntl(run->input, F_DUPFD_CLOEXEC, 0);
        run->guests.on_input_end = spec->has_stdin_once ? on_input_end : NULL;
        run->guests.input_ctx = run;
    }
    if (!rc) {
        guests_attach(&run->guests, ch, env, spec->has_tty, fds);
        return;
    }
    for (int i = 0; i < 3; i++)
        closep(&fds[i]);
    guests_refuse(ch, env, &err);
}
