/* SPDX-License-Identifier: Apache-2.0
 *
 * steps.c - libberth's connection to the lead shepherd of a job
 */
#include "client/berth_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "client/join.h"

struct berth_steps {
    struct caller *caller;
    uint64_t last_id;
};

static struct berth_steps *steps_create(struct caller *caller)
{
    struct berth_steps *steps = xcalloc(1, sizeof(*steps));

    steps->caller = caller;
    return steps;
}

/* The lead runs as the job's user, which is us, or has not left root yet. */
static int connect_tcp(const struct wire_auth *auth, const char *host, uint16_t port,
                       uint32_t job, struct berth_steps **ret, struct err *err)
{
    cleanup(freep) char *target = xasprintf("%u.lead", job);
    struct caller *caller;

    if (caller_connect(auth, host, port, target, geteuid(), &caller, err) < 0)
        return err_wrap(err, "job %u: its first node", job);
    *ret = steps_create(caller);
    return 0;
}

int berth_steps_connect(struct berth *berth, const char *host, uint16_t port,
                        uint32_t job, struct berth_steps **ret, struct berth_err *err)
{
    struct err why = {0};

    return give_err(connect_tcp(&berth->auth, host, port, job, ret, &why), &why, err);
}

static int connect_unix(const char *path, struct berth_steps **ret, struct err *err)
{
    struct caller *caller;

    if (caller_connect_local(path, &caller, err) < 0)
        return err_wrap(err, "the allocation does not answer");
    *ret = steps_create(caller);
    return 0;
}

/* "HOST:PORT:JOB"; the host may hold colons itself. Cuts 'text' apart. */
static int split_tcp(char *text, uint16_t *ret_port, uint32_t *ret_job, struct err *err)
{
    char *job = strrchr(text, ':');
    char *port;
    int64_t number;
    int rc;

    if (!job || job == text)
        return err_set(err, EINVAL, "'%s' is not HOST:PORT:JOB", text);
    *job++ = '\0';
    port = strrchr(text, ':');
    if (!port || port == text)
        return err_set(err, EINVAL, "'%s:%s' is not HOST:PORT:JOB", text, job);
    *port++ = '\0';
    rc = number_parse(port, 1, UINT16_MAX, &number, err);
    if (rc < 0)
        return rc;
    *ret_port = (uint16_t)number;
    rc = number_parse(job, 1, UINT32_MAX, &number, err);
    if (rc == 0)
        *ret_job = (uint32_t)number;
    return rc;
}

static int connect_lead_tcp(const char *where, struct berth_steps **ret,
                            struct err *err)
{
    cleanup(freep) char *host = xstrdup(where);
    struct berth_err berth_err;
    struct berth *berth;
    uint16_t port = 0;
    uint32_t job = 0;
    int rc;

    rc = split_tcp(host, &port, &job, err);
    if (rc < 0)
        return rc;
    if (berth_open(NULL, &berth, &berth_err) < 0)
        return err_set(err, berth_err.code, "%s", berth_err.text);
    rc = connect_tcp(&berth->auth, host, port, job, ret, err);
    berth_close(berth);
    return rc;
}

static int connect_lead(const char *lead, struct berth_steps **ret, struct err *err)
{
    int rc;

    if (strncmp(lead, "unix:", 5) == 0)
        rc = connect_unix(lead + 5, ret, err);
    else if (strncmp(lead, "tcp:", 4) == 0)
        rc = connect_lead_tcp(lead + 4, ret, err);
    else
        rc = err_set(err, EINVAL, "'%s' is neither unix:PATH nor tcp:HOST:PORT:JOB",
                     lead);
    return rc;
}

int berth_steps_connect_lead(const char *lead, struct berth_steps **ret,
                             struct berth_err *err)
{
    struct err why = {0};

    return give_err(connect_lead(lead, ret, &why), &why, err);
}

void berth_steps_close(struct berth_steps *steps)
{
    if (!steps)
        return;
    caller_destroy(steps->caller);
    free(steps);
}

int berth_steps_send(struct berth_steps *steps, Berth__Envelope *env,
                     struct berth_err *err)
{
    struct err why = {0};

    if (env->body_case == BERTH__ENVELOPE__BODY_STEP_REQUEST && !env->id)
        env->id = ++steps->last_id;
    return give_err(caller_send(steps->caller, env, &why), &why, err);
}

int berth_steps_recv(struct berth_steps *steps, int timeout_ms, Berth__Envelope **ret,
                     struct berth_err *err)
{
    struct err why = {0};

    return give_err(caller_recv(steps->caller, timeout_ms, ret, &why), &why, err);
}

int berth_steps_fd(const struct berth_steps *steps)
{
    return caller_fd(steps->caller);
}
