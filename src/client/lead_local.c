/* SPDX-License-Identifier: Apache-2.0
 *
 * lead_local.c - find the lead shepherd of a job from inside a container, where
 * there is only its local socket
 */
#include "client/steps.h"

#include <errno.h>
#include <string.h>

#include "wire/pack.h"

int berth_steps_connect_lead(const char *lead, struct berth_steps **ret,
                             struct berth_err *err)
{
    struct err words = {0};
    int rc;

    if (strncmp(lead, "unix:", 5) == 0)
        rc = steps_connect_local(lead + 5, ret, &words);
    else
        rc = err_set(&words, EINVAL,
                     "$BERTH_LEAD: '%s' does not start with unix:", lead);
    return rc < 0 ? berth_err_take(err, &words) : 0;
}

void berth_free(void *reply)
{
    free_message(reply);
}
