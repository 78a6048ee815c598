/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_serve.c - clients of a pod: logs and exec, by the container's name
 */
#include "shepherd/pod_lead.h"

#include "base/mem.h"
#include "shepherd/pod_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static struct pod_member *member_of(struct pod_lead *pl, const char *name,
                                    struct channel *ch, const Berth__Envelope *env)
{
    struct pod_member *member = pod_lead_member(pl, name);
    struct err err;

    if (member)
        return member;
    (void)err_set(&err, ENOENT, "the pod has no container '%s'", name);
    guests_refuse(ch, env, &err);
    return NULL;
}

static void serve_exec(struct pod_lead *pl, struct channel *ch,
                       const Berth__Envelope *env)
{
    struct pod_member *member = member_of(pl, env->exec->container, ch, env);
    struct err err;

    if (!member)
        return;
    if (member->run) {
        pod_run_exec(member->run, ch, env);
        return;
    }
    (void)err_set(&err, ESRCH, "container '%s' does not run", member->spec->name);
    guests_refuse(ch, env, &err);
}

static void serve_log(struct pod_lead *pl, struct channel *ch,
                      const Berth__Envelope *env)
{
    const Berth__LogRequest *request = env->log;
    struct pod_member *member = member_of(pl, request->container, ch, env);
    unsigned int back = request->previous ? 2 : 1;
    char tool[4096], tail[32], since[32], limit[32], how[3];
    cleanup(freep) char *path = NULL;
    struct err err;

    if (!member)
        return;
    if (member->runs < back) {
        (void)err_set(&err, ENOENT, "container '%s' has no %srun", member->spec->name,
                      request->previous ? "earlier " : "");
        guests_refuse(ch, env, &err);
        return;
    }
    path = pod_log_path(pl, member->spec->name, member->runs - back);
    (void)snprintf(tool, sizeof(tool), "%s/berth", box_tools_dir());
    (void)snprintf(tail, sizeof(tail), "%" PRId64, request->tail);
    (void)snprintf(since, sizeof(since), "%" PRId64, request->since);
    (void)snprintf(limit, sizeof(limit), "%" PRIu64, request->limit_bytes);
    (void)snprintf(how, sizeof(how), "%s%s", request->timestamps ? "t" : "",
                   request->follow && member->run && !request->previous ? "f" : "");
    {
        char *argv[] = {tool, (char[]){".podlog"}, path, tail, since, limit, how, NULL};

        if (member->run)
            pod_run_outside(member->run, ch, env, argv);
        else
            guests_run_outside(&pl->lead->guests, ch, env, argv);
    }
}

void pod_serve(struct pod_lead *pl, struct channel *ch, const Berth__Envelope *env)
{
    struct err err;

    if (env->body_case == BERTH__ENVELOPE__BODY_LOG) {
        serve_log(pl, ch, env);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_EXEC) {
        serve_exec(pl, ch, env);
    } else {
        (void)err_set(&err, ENOSYS, "ports of pods are not forwarded by this node");
        guests_refuse(ch, env, &err);
    }
}
