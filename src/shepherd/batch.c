/* SPDX-License-Identifier: Apache-2.0
 *
 * batch.c - the job's script, in a container of its own on the first node
 *
 * Its output goes straight into the file: no byte of it passes through us.
 */
#include "shepherd/lead.h"

#include "base/bitset.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/box.h"
#include "shepherd/devices.h"
#include "shepherd/launchers.h"
#include "shepherd/group.h"
#include "shepherd/reports.h"
#include "shepherd/taskenv.h"
#include "wire/job_files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct batch {
    struct lead *lead;
    struct box *box;
    uv_poll_t poll;
    bool has_ended;
    int status;
    char *words;
    Berth__StepSummary summary; /* of what it used, and when */
};

/* ------------------------------------------------------------------- files */

static struct job_files files_of(const struct lead *lead)
{
    return (struct job_files){.spec = lead->spec,
                              .job = lead->sh->job,
                              .epoch = lead->sh->epoch,
                              .lead = lead->sh->assignment->node_name,
                              .user = lead->sh->owner.name};
}

char *batch_log_path(const struct lead *lead, bool is_error)
{
    struct job_files files = files_of(lead);

    return is_error ? job_error_path(&files) : job_output_path(&files);
}

/* A named pipe that nobody has open on its other side must not hold us up. */
static int open_now(const char *path, int flags, mode_t mode)
{
    int fd = open(path, flags | O_NONBLOCK | O_NOCTTY, mode);

    if (fd >= 0)
        (void)fcntl(fd, F_SETFL, flags & O_APPEND);
    return fd;
}

static int open_output(const struct lead *lead, const char *path, const char *option,
                       int *ret_fd, struct err *err)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND;

    if (!lead->spec->append)
        flags |= O_TRUNC;
    *ret_fd = open_now(path, flags, 0666 & ~(mode_t)lead->spec->umask);
    if (*ret_fd < 0)
        return err_sys(err, errno, "%s: cannot write %s", option, path);
    return 0;
}

static int open_files(const struct lead *lead, int fds[3], struct err *err)
{
    const Berth__JobSpec *spec = lead->spec;
    struct job_files files = files_of(lead);
    cleanup(freep) char *input =
        spec->input[0] ? job_file_path(&files, spec->input) : xstrdup("/dev/null");
    cleanup(freep) char *output = job_output_path(&files);
    cleanup(freep) char *error = job_error_path(&files);
    int rc;

    (void)umask(0);
    fds[0] = open_now(input, O_RDONLY | O_CLOEXEC, 0);
    if (fds[0] < 0)
        return err_sys(err, errno, "--input: cannot read %s", input);
    rc = open_output(lead, output, "--output", &fds[1], err);
    if (rc)
        return rc;
    if (strcmp(error, output) != 0)
        return open_output(lead, error, "--error", &fds[2], err);
    fds[2] = fcntl(fds[1], F_DUPFD_CLOEXEC, 0);
    return fds[2] < 0 ? err_sys(err, errno, "--error") : 0;
}

static int write_script(const struct lead *lead, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/script", lead->sh->dir);

    return io_write_file_atomic(path, lead->spec->script.data, lead->spec->script.len,
                                0700, err);
}

/* --------------------------------------------------------------------- end */

static void free_batch(uv_handle_t *poll)
{
    free(poll->data);
}

/* The script is told of like a step. */
static void report_script(const struct batch *batch, int code, int signo, char *words)
{
    const struct lead *lead = batch->lead;
    Berth__StepSummary summary = batch->summary;
    cleanup(freep) char *state = xstrdup(lead->ended.out_of_memory ? "OUT_OF_MEMORY"
                                         : !code && !signo         ? "COMPLETED"
                                         : lead->ended.timed_out   ? "TIMEOUT"
                                         : lead->is_terminating    ? "CANCELLED"
                                                                   : "FAILED");
    char name[] = "batch";

    summary.step_id = STEP_LEAD;
    summary.name = name;
    summary.state = state;
    summary.end_usec = clock_epoch_usec();
    summary.exit_code = code;
    summary.exit_signal = signo;
    if (words)
        summary.words = words;
    summary.nodes = lead->sh->assignment->node_name;
    summary.n_nodes = summary.tasks = 1;
    summary.cpus =
        (uint32_t)bitset_text_count(lead->sh->grant->placement->shares[0]->cores);
    if (lead->spec->container)
        summary.image = lead->spec->container->image;
    reports_add(lead->reports, &summary);
}

static void batch_end(struct batch *batch)
{
    struct lead *lead = batch->lead;
    cleanup(freep) char *words = take(batch->words);
    int code = WIFEXITED(batch->status) ? WEXITSTATUS(batch->status) : 0;
    int signo = WIFSIGNALED(batch->status) ? WTERMSIG(batch->status) : 0;

    report_script(batch, code, signo, words);
    /* Before the box closes what it polls. */
    uv_close((uv_handle_t *)&batch->poll, free_batch);
    box_destroy(batch->box);
    lead->batch = NULL;
    if (lead->is_ending)
        lead_maybe_report(lead);
    else
        lead_end(lead, code, signo, words);
}

static void end_guests(struct lead *lead)
{
    cleanup(freep) char *words =
        xasprintf("the job has ended%s%s", lead->words ? ": " : "",
                  lead->words ? lead->words : "");

    guests_end(&lead->guests, words);
}

/* While the box stands: what is in its /tmp counts. */
static void add_usage(struct lead *lead, const struct container_event *event)
{
    struct berth_cgroup_usage usage = group_usage(lead->sh);
    Berth__JobEnded *ended = &lead->ended;
    Berth__StepSummary *summary = &lead->batch->summary;
    bool knows =
        usage.user_usec + usage.system_usec > event->user_usec + event->system_usec;
    char *why = group_why_killed(lead->sh, &usage, "a process of the script",
                                 event->max_rss_kib);

    summary->user_usec = knows ? usage.user_usec : event->user_usec;
    summary->system_usec = knows ? usage.system_usec : event->system_usec;
    summary->max_rss = event->max_rss_kib;
    summary->memory_peak = usage.memory_peak >> 10;
    summary->read_bytes = usage.read_bytes;
    summary->write_bytes = usage.write_bytes;
    ended->user_usec += summary->user_usec;
    ended->system_usec += summary->system_usec;
    if (event->max_rss_kib > ended->max_rss)
        ended->max_rss = event->max_rss_kib;
    if (usage.memory_peak >> 10 > ended->memory_peak)
        ended->memory_peak = usage.memory_peak >> 10;
    ended->read_bytes += usage.read_bytes;
    ended->write_bytes += usage.write_bytes;
    if (!why)
        return;
    ended->out_of_memory = true;
    free(lead->oom_words);
    lead->oom_words = why;
}

static void take_event(struct batch *batch, const struct container_event *event)
{
    if (guests_take_event(&batch->lead->guests, event))
        return;
    if (event->kind == CONTAINER_TASK_ENDED) {
        batch->status = event->status;
        batch->has_ended = true;
        if (event->words[0])
            str_replace(&batch->words, event->words);
        add_usage(batch->lead, event);
        /* What the script left behind ends with it. */
        container_kill(batch->box->container);
    } else if (event->kind == CONTAINER_GONE) {
        if (!batch->has_ended)
            batch->status = SIGKILL;
        end_guests(batch->lead);
        batch_end(batch);
    }
}

static void on_box(uv_poll_t *poll, int status, int events)
{
    struct batch *batch = poll->data;
    struct lead *lead = batch->lead;
    struct container_event event;
    int rc = 0;

    (void)status;
    (void)events;
    while (lead->batch &&
           (rc = container_next_event(batch->box->container, &event)) > 0)
        take_event(batch, &event);
    if (rc < 0)
        container_kill(batch->box->container);
}

static void stop_by_signal(void *ctx)
{
    const struct lead *lead = ctx;

    if (lead->batch)
        (void)container_signal(lead->batch->box->container, guests_scope_of(SIGSTOP),
                               SIGSTOP, NULL);
}

static void continue_by_signal(void *ctx)
{
    const struct lead *lead = ctx;

    if (lead->batch)
        (void)container_signal(lead->batch->box->container, guests_scope_of(SIGCONT),
                               SIGCONT, NULL);
}

void batch_signal(struct batch *batch, int signo)
{
    struct lead *lead = batch->lead;

    if (signo == SIGSTOP)
        group_freeze(lead->sh, true, stop_by_signal, lead);
    else if (signo == SIGCONT)
        group_freeze(lead->sh, false, continue_by_signal, lead);
    else
        (void)container_signal(batch->box->container, guests_scope_of(signo), signo,
                               NULL);
}

void batch_signal_shell(struct batch *batch, int signo)
{
    (void)container_signal_process(batch->box->container, 0, signo, NULL);
}

void batch_kill(struct batch *batch)
{
    group_thaw(batch->lead->sh);
    container_kill(batch->box->container);
}

/* ------------------------------------------------------------------- start */

static int spawn(struct batch *batch, const int fds[3], struct err *err)
{
    struct lead *lead = batch->lead;
    struct shepherd *sh = lead->sh;
    const Berth__JobSpec *spec = lead->spec;
    cleanup(strv_freep) char **env = NULL;
    cleanup(strv_freep) char **argv = NULL;
    const char *pus = sh->assignment->pus;
    struct task_spec task = {
        .cwd = box_workdir(spec->container, spec->cwd),
        .fds = {fds[0], fds[1], fds[2]},
        .cpus = pus[0] ? pus : NULL,
        .umask = spec->umask,
        .new_session = true,
    };

    for (size_t i = 0; i < spec->n_env; i++)
        strv_add(&env, spec->env[i]);
    taskenv_image(&env, batch->box->image_env, batch->box->image_digest,
                  spec->container);
    taskenv_job(&env, sh->grant, sh->assignment->cluster, 0, sh->dir,
                box_path_dir(batch->box));
    taskenv_spec(&env, spec, sh->grant->placement);
    launchers_env(sh, batch->box, &env);
    devices_env(&env, sh->assignment->devices, batch->box->device_env,
                batch->box->image != NULL, NULL);
    taskenv_slurm_job(&env, sh->grant, 0);
    taskenv_slurm_script(&env, sh->grant, spec);
    argv = box_command(batch->box, NULL, 0);
    strv_take(&argv, xasprintf("%s/script", sh->dir));
    for (size_t i = 0; i < spec->n_args; i++)
        strv_add(&argv, spec->args[i]);
    task.argv = argv;
    task.env = env;
    guests_open(&lead->guests, batch->box, env, spec->cwd, pus, spec->umask);
    return container_spawn(batch->box->container, &task, err);
}

int batch_start(struct lead *lead, struct err *err)
{
    struct shepherd *sh = lead->sh;
    struct batch *batch = xcalloc(1, sizeof(*batch));
    int fds[3] = {-1, -1, -1};
    int rc;

    batch->lead = lead;
    berth__step_summary__init(&batch->summary);
    batch->summary.start_usec = clock_epoch_usec();
    rc = open_files(lead, fds, err);
    if (!rc)
        rc = write_script(lead, err);
    if (!rc)
        rc = box_create(sh, lead->spec->container, lead->spec->cwd, "batch",
                        &batch->box, err);
    if (!rc)
        rc = container_wait_ready(batch->box->container, err);
    if (!rc)
        rc = box_share(batch->box, sh->loop, err);
    if (!rc)
        rc = spawn(batch, fds, err);
    if (!rc)
        logs_watch(lead, fds + 1);
    for (int i = 0; i < 3; i++)
        closep(&fds[i]);
    if (rc) {
        guests_end(&lead->guests, "the job has ended");
        box_destroy(batch->box);
        free(batch);
        return rc;
    }
    (void)uv_poll_init(sh->loop, &batch->poll, container_fd(batch->box->container));
    batch->poll.data = batch;
    (void)uv_poll_start(&batch->poll, UV_READABLE, on_box);
    lead->batch = batch;
    return 0;
}
