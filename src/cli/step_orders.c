/* SPDX-License-Identifier: Apache-2.0
 *
 * step_orders.c - questions and orders to a job's lead about steps that others started
 */
#include "cli/step_orders.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/say.h"

static void envelope_freep(Berth__Envelope **env)
{
    berth_free(*env);
}

int step_name_parse(const char *word, uint32_t job, uint32_t *ret_job,
                    uint32_t *ret_step)
{
    const char *dot = strchr(word, '.');
    cleanup(freep) char *before =
        dot ? xstrndup(word, (size_t)(dot - word)) : xasprintf("%u", job);
    int64_t of_job, step;
    struct err err;

    if (number_parse(before, dot ? 1 : 0, UINT32_MAX, &of_job, &err) < 0 ||
        number_parse(dot ? dot + 1 : word, 0, UINT32_MAX - 1, &step, &err) < 0) {
        say_error("'%s' is not a step, JOB.STEP: %s", word, err.text);
        return -EINVAL;
    }
    if (of_job == 0) {
        say_error("'%s' is not a step: write JOB.STEP", word);
        return -EINVAL;
    }
    *ret_job = (uint32_t)of_job;
    *ret_step = (uint32_t)step;
    return 0;
}

/* The reply to 'env', of that kind. */
static int ask(struct berth_steps *lead, Berth__Envelope *env,
               Berth__Envelope__BodyCase kind, Berth__Envelope **ret)
{
    struct berth_err err;
    int rc;

    env->id = 1;
    rc = berth_steps_send(lead, env, &err);
    if (rc == 0)
        rc = berth_steps_recv(lead, -1, ret, &err);
    if (rc < 0) {
        say_error("%s", err.text);
        return rc;
    }
    if ((*ret)->status && (*ret)->status->code) {
        say_error("%s", (*ret)->status->text);
        return -(*ret)->status->code;
    }
    if ((*ret)->body_case != kind) {
        say_error("the job's lead gave no answer: it may be older than this command");
        return -EPROTO;
    }
    return 0;
}

int step_exit_status(int code, int signal, const char *words)
{
    if (signal)
        return 128 + (signal & 0x7f);
    if (code == 0 && words[0])
        return 1;
    return code > 255 ? 255 : code;
}

int step_wait(struct berth_steps *lead, uint32_t job, uint32_t step)
{
    cleanup(envelope_freep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepWait wait = BERTH__STEP_WAIT__INIT;

    wait.step_id = step;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_WAIT;
    env.step_wait = &wait;
    if (ask(lead, &env, BERTH__ENVELOPE__BODY_STEP_ENDED, &reply) < 0)
        return 1;
    if (reply->step_ended->words[0])
        say_error("step %u.%u: %s", job, step, reply->step_ended->words);
    return step_exit_status(reply->step_ended->exit_code,
                            reply->step_ended->exit_signal, reply->step_ended->words);
}

int step_signal(struct berth_steps *steps, int signo, bool abort, struct berth_err *err)
{
    Berth__StepSignal signal = BERTH__STEP_SIGNAL__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    signal.signal = signo;
    signal.abort = abort;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_SIGNAL;
    env.step_signal = &signal;
    return berth_steps_send(steps, &env, err);
}

int step_control(struct berth_steps *lead, uint32_t job, uint32_t step, int signal)
{
    cleanup(envelope_freep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepControl order = BERTH__STEP_CONTROL__INIT;

    (void)job;
    order.step_id = step;
    order.signal = signal;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_CONTROL;
    env.step_control = &order;
    return ask(lead, &env, BERTH__ENVELOPE__BODY__NOT_SET, &reply);
}

int step_query(struct berth_steps *lead, int64_t step, Berth__Envelope **ret)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepQuery query = BERTH__STEP_QUERY__INIT;
    uint32_t id = (uint32_t)step;

    query.all = true;
    query.step_ids = &id;
    query.n_step_ids = step >= 0;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_QUERY;
    env.step_query = &query;
    return ask(lead, &env, BERTH__ENVELOPE__BODY_STEP_LIST, ret);
}

int step_start_async(struct berth_steps *lead, uint32_t job, Berth__StepSpec *spec,
                     bool joins)
{
    cleanup(envelope_freep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepRequest request = BERTH__STEP_REQUEST__INIT;

    request.spec = spec;
    request.joins = joins;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_REQUEST;
    env.step_request = &request;
    if (ask(lead, &env, BERTH__ENVELOPE__BODY_STEP_STARTED, &reply) < 0)
        return 1;
    printf("%u.%u\n", job, reply->step_started->step_id);
    return 0;
}
