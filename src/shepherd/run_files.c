/* SPDX-License-Identifier: Apache-2.0
 *
 * run_files.c - steps whose output goes to files, with nobody waiting
 *
 *     request --> number answered; `berth .step` started --> it connects, adopts the
 *     step as any client --> launch --> it writes what comes --> end
 *
 * A process of its own, the job's user like us, writes: a file that hangs, hangs it
 * alone, and all that files can be is known in one place. It runs outside of the
 * container, beside the lead, and its loss ends the step.
 */
#include "shepherd/runs.h"

#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/box.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    uv_process_t process;
    struct lead *lead;
    uint32_t step_id;
};

static void free_writer(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_exit_of_writer(uv_process_t *process, int64_t status, int signo)
{
    struct writer *writer = process->data;
    struct run *run = run_find(writer->lead, writer->step_id);

    (void)status;
    (void)signo;
    uv_close((uv_handle_t *)process, free_writer);
    /* Once it has come, the end of its connection tells. */
    if (!run || !run->awaits_client)
        return;
    run->awaits_client = false;
    run_fail(run, "who writes its output could not be started");
    run_end(run);
}

static char **command_of(const struct run *run)
{
    const Berth__StepFiles *files = run->spec->files;
    const char *job_name = run->lead->spec->name;
    char **argv = NULL;

    strv_take(&argv, xasprintf("%s/berth", box_tools_dir()));
    strv_add(&argv, ".step");
    strv_take(&argv, xasprintf("%u", run->lead->sh->job));
    strv_take(&argv, xasprintf("%u", run->launch.step_id));
    strv_add(&argv, files->output);
    strv_add(&argv, files->error);
    strv_add(&argv, files->input);
    strv_add(&argv, files->append ? "append" : "truncate");
    strv_add(&argv, files->label ? "label" : "plain");
    strv_add(&argv, job_name);
    return argv;
}

static char **environment_of(const struct run *run)
{
    const struct shepherd *sh = run->lead->sh;
    char **env = NULL;

    strv_take(&env, xasprintf("BERTH_LEAD=unix:%s/lead.sock", sh->dir));
    strv_take(&env, xasprintf("USER=%s", sh->owner.name ? sh->owner.name : ""));
    return env;
}

int run_start_writer(struct run *run, struct err *err)
{
    struct writer *writer = xcalloc(1, sizeof(*writer));
    cleanup(strv_freep) char **argv = command_of(run);
    cleanup(strv_freep) char **env = environment_of(run);
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE},
                                     {.flags = UV_IGNORE},
                                     {.flags = UV_INHERIT_FD, .data.fd = 2}};
    uv_process_options_t options = {.file = argv[0],
                                    .args = argv,
                                    .env = env,
                                    .cwd = run->spec->cwd,
                                    .stdio = stdio,
                                    .stdio_count = 3,
                                    .exit_cb = on_exit_of_writer};
    int rc;

    writer->lead = run->lead;
    writer->step_id = run->launch.step_id;
    writer->process.data = writer;
    rc = uv_spawn(run->lead->sh->loop, &writer->process, &options);
    if (rc) {
        uv_close((uv_handle_t *)&writer->process, free_writer);
        return err_set(err, -rc, "--async: cannot start who writes to %s: %s",
                       run->spec->cwd, uv_strerror(rc));
    }
    run->awaits_client = true;
    return 0;
}

void run_adopt(struct conn *writer, const Berth__Envelope *env)
{
    struct run *run = run_find(writer->lead, env->step_request->adopts - 1);

    if (!run || !run->awaits_client || writer->run) {
        channel_reply_status(writer->ch, env, ESRCH, "no step waits for this");
        return;
    }
    run->awaits_client = false;
    run->client = writer;
    run->request = env->id;
    writer->run = run;
    runs_start_waiting(writer->lead);
}
