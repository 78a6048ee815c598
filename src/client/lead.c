/* SPDX-License-Identifier: Apache-2.0
 *
 * lead.c - find the lead shepherd of a job: on this node, or over the network
 */
#include "client/handle.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "client/steps.h"
#include "wire/pack.h"

int berth_steps_connect(struct berth *berth, const char *host, uint16_t port,
                        uint32_t job, struct berth_steps **ret, struct berth_err *err)
{
    return berth_steps_connect_shepherd(berth, host, port, job, -1, getuid(), ret, err);
}

int berth_steps_connect_shepherd(struct berth *berth, const char *host, uint16_t port,
                                 uint32_t job, int64_t step, uint32_t owner,
                                 struct berth_steps **ret, struct berth_err *err)
{
    struct err words = {0};
    struct caller *caller;
    char target[48];
    int rc;

    if (step < 0)
        snprintf(target, sizeof(target), "%u.lead", job);
    else
        snprintf(target, sizeof(target), "%u.%" PRId64, job, step);
    rc = caller_connect(&berth->auth, host, port, target, owner, &caller, &words);
    if (rc < 0)
        return berth_err_take(err, &words);
    *ret = steps_create(caller);
    return 0;
}

int berth_steps_connect_node(struct berth *berth, const char *host, uint16_t port,
                             struct berth_steps **ret, struct berth_err *err)
{
    struct err words = {0};
    struct caller *caller;

    if (handle_connect_node(berth, host, port, &caller, &words) < 0)
        return berth_err_take(err, &words);
    *ret = steps_create(caller);
    return 0;
}

/* Cut "HOST:PORT:JOB" apart, from the right: an IPv6 address has colons itself. */
static int split_remote(char *text, uint16_t *ret_port, uint32_t *ret_job,
                        struct err *err)
{
    char *job = strrchr(text, ':');
    char *port = NULL;
    int64_t number;
    int rc;

    if (job) {
        *job++ = '\0';
        port = strrchr(text, ':');
    }
    if (!port || port == text)
        return err_set(err, EINVAL, "$BERTH_LEAD: '%s' is not HOST:PORT:JOB", text);
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

/* Others than its user and root cannot make a socket in a job's directory. But this may
 * be a machine of two clusters, which number their jobs alike: so the lead is asked for
 * its node. */
static bool leads_at(const char *path, const char *node)
{
    cleanup(caller_destroyp) struct caller *caller = NULL;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepQuery query = BERTH__STEP_QUERY__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_STEP_QUERY;
    env.step_query = &query;
    return caller_connect_local(path, &caller, NULL) == 0 &&
           (caller_peer(caller)->uid == 0 || caller_peer(caller)->uid == getuid()) &&
           caller_call(caller, &env, &reply, NULL) == 0 &&
           reply->body_case == BERTH__ENVELOPE__BODY_STEP_LIST &&
           strcmp(reply->step_list->node, node) == 0;
}

char *steps_lead_here(const struct berth *berth, const char *node, uint32_t job,
                      uint32_t epoch)
{
    cleanup(freep) char *run_dir = config_node_dir(berth->config->node.run_dir, node);
    cleanup(freep) char *path =
        xasprintf("%s/job.%u.%u/user/lead.sock", run_dir, job, epoch);

    if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path) ||
        !leads_at(path, node))
        return NULL;
    return xasprintf("unix:%s", path);
}

static int connect_remote(const char *text, struct berth_steps **ret,
                          struct berth_err *err)
{
    cleanup(freep) char *host = xstrdup(text);
    struct err words = {0};
    struct berth *berth;
    uint16_t port = 0;
    uint32_t job = 0;
    int rc;

    rc = split_remote(host, &port, &job, &words);
    if (rc < 0)
        return berth_err_take(err, &words);
    rc = berth_open(NULL, &berth, err);
    if (rc < 0)
        return rc;
    rc = berth_steps_connect(berth, host, port, job, ret, err);
    berth_close(berth);
    return rc;
}

int berth_steps_connect_lead(const char *lead, struct berth_steps **ret,
                             struct berth_err *err)
{
    struct err words = {0};
    int rc;

    if (strncmp(lead, "tcp:", 4) == 0)
        return connect_remote(lead + 4, ret, err);
    if (strncmp(lead, "unix:", 5) == 0)
        rc = steps_connect_local(lead + 5, ret, &words);
    else
        rc = err_set(&words, EINVAL,
                     "$BERTH_LEAD: '%s' is neither unix: nor tcp:", lead);
    return rc < 0 ? berth_err_take(err, &words) : 0;
}
