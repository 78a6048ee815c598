/* SPDX-License-Identifier: Apache-2.0
 *
 * steps.c - a connection to the lead shepherd of a job
 */
#include "client/steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct berth_steps {
    struct caller *caller;
};

int berth_err_take(struct berth_err *to, const struct err *from)
{
    if (to) {
        to->code = from->code;
        snprintf(to->text, sizeof(to->text), "%s", from->text);
    }
    return -from->code;
}

struct berth_steps *steps_create(struct caller *caller)
{
    struct berth_steps *steps = xcalloc(1, sizeof(*steps));

    steps->caller = caller;
    return steps;
}

int steps_connect_local(const char *path, struct berth_steps **ret, struct err *err)
{
    struct caller *caller;
    int rc = caller_connect_local(path, &caller, err);

    if (rc < 0)
        return err_wrap(err, "cannot reach the job's lead");
    *ret = steps_create(caller);
    return 0;
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
    struct err words = {0};
    int rc = caller_send(steps->caller, env, &words);

    return rc < 0 ? berth_err_take(err, &words) : 0;
}

int berth_steps_recv(struct berth_steps *steps, int timeout_ms, Berth__Envelope **ret,
                     struct berth_err *err)
{
    struct err words = {0};
    int rc = caller_recv(steps->caller, timeout_ms, ret, &words);

    return rc < 0 ? berth_err_take(err, &words) : 0;
}

int berth_steps_fd(const struct berth_steps *steps)
{
    return caller_fd(steps->caller);
}
