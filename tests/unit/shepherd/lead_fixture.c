/* SPDX-License-Identifier: Apache-2.0
 *
 * lead_fixture.c - a real lead, with the test as its node and its clients
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "lead_fixture.h"
#include "wire/pack.h"

static char out[] = "out", job_name[] = "test";
static char path_env[] = "PATH=/usr/bin:/bin";
static char *env_of_job[] = {path_env};

int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    node_start(&f->node);
    berth__job_spec__init(&f->spec);
    f->spec.name = job_name;
    f->spec.cwd = f->node.dir;
    f->spec.env = env_of_job;
    f->spec.n_env = 1;
    f->spec.output = out;
    f->spec.umask = 022;
    f->spec.tasks = 1;
    f->output = xasprintf("%s/out", f->node.dir);
    f->lead = spawn_shepherd();
    *state = f;
    return 0;
}

int teardown(void **state)
{
    struct fixture *f = *state;

    shepherd_reap(&f->step);
    shepherd_reap(&f->lead);
    free(f->output);
    node_stop(&f->node);
    free(f);
    return 0;
}

int assign_lead(struct fixture *f, const char *script)
{
    Berth__LaunchJob job = BERTH__LAUNCH_JOB__INIT;
    Berth__Assignment assignment;

    fill_assignment(&f->node, &assignment);
    f->spec.script.data = (uint8_t *)(uintptr_t)script;
    f->spec.script.len = strlen(script);
    f->spec.interactive = script[0] == '\0';
    job.grant = &f->node.grant;
    job.spec = &f->spec;
    assignment.job = &job;
    return assign(&f->lead, &assignment);
}

void send_signal(struct fixture *f, int signo)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__SignalJob msg = BERTH__SIGNAL_JOB__INIT;
    static char why[] = "cancelled";

    msg.signal = signo;
    msg.why = why;
    env.body_case = BERTH__ENVELOPE__BODY_SIGNAL_JOB;
    env.signal_job = &msg;
    assert_int_equal(caller_send(f->lead.line, &env, NULL), 0);
}

/* Take the report of the end, acknowledge it, and see the lead off. */
Berth__Envelope *finish(struct fixture *f)
{
    Berth__Envelope *env = expect(f->lead.line, BERTH__ENVELOPE__BODY_JOB_ENDED);

    assert_int_equal(env->job_ended->job_id, 17);
    assert_int_equal(env->job_ended->epoch, 1);
    answer(f->lead.line, env, 0);
    assert_int_equal(wait_for_exit(&f->lead), 0);
    return env;
}

struct caller *connect_client(struct fixture *f)
{
    cleanup(freep) char *path = xasprintf("%s/user/lead.sock", f->node.run_dir);
    struct caller *client = NULL;
    struct err err = {0};

    if (caller_connect_local(path, &client, &err))
        fail_msg("%s", err.text);
    return client;
}

void request(struct caller *client, char **argv, size_t n_argv)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepRequest request = BERTH__STEP_REQUEST__INIT;
    Berth__StepSpec spec = BERTH__STEP_SPEC__INIT;
    static char root[] = "/";

    spec.argv = argv;
    spec.n_argv = n_argv;
    spec.env = env_of_job;
    spec.n_env = 1;
    spec.cwd = root;
    spec.tasks = 1;
    request.spec = &spec;
    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_REQUEST;
    env.step_request = &request;
    assert_int_equal(caller_send(client, &env, NULL), 0);
}

void request_step(struct caller *client, const char *program, const char *arg)
{
    char *argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)arg};

    request(client, argv, 2);
}

void request_shell(struct caller *client, char *script)
{
    static char sh[] = "sh", option[] = "-c";
    char *argv[] = {sh, option, script};

    request(client, argv, 3);
}

/* Do as a node does: give the lead's launch to another shepherd. */
void start_step(struct fixture *f, Berth__Envelope *env)
{
    Berth__Assignment assignment;

    f->step = spawn_shepherd();
    fill_assignment(&f->node, &assignment);
    assignment.step = env->launch_step;
    assert_int_equal(assign(&f->step, &assignment), 0);
    answer(f->lead.line, env, 0);
    free_message(env);
}

void launch(struct fixture *f)
{
    start_step(f, expect(f->lead.line, BERTH__ENVELOPE__BODY_LAUNCH_STEP));
}

void end_job(struct fixture *f)
{
    send_signal(f, 0);
    free_message(finish(f));
}
