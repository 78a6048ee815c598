/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_serve.c - clients of a pod: logs, exec, attach by the container's name; ports
 */
#include "shepherd/pod_lead.h"

#include "base/mem.h"
#include "shepherd/pod_log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
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

static void serve_attach(struct pod_lead *pl, struct channel *ch,
                         const Berth__Envelope *env)
{
    struct pod_member *member = member_of(pl, env->attach->container, ch, env);
    struct err err;

    if (!member)
        return;
    if (member->run) {
        pod_run_attach(member->run, ch, env);
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
    struct err err;

    if (!member)
        return;
    if (member->runs < back) {
        (void)err_set(&err, ENOENT, "container '%s' has no %srun", member->spec->name,
                      request->previous ? "earlier " : "");
        guests_refuse(ch, env, &err);
        return;
    }
    (void)snprintf(tool, sizeof(tool), "%s/berth", box_tools_dir());
    (void)snprintf(tail, sizeof(tail), "%" PRId64, request->tail);
    (void)snprintf(since, sizeof(since), "%" PRId64, request->since);
    (void)snprintf(limit, sizeof(limit), "%" PRIu64, request->limit_bytes);
    (void)snprintf(how, sizeof(how), "%s%s", request->timestamps ? "t" : "",
                   request->follow && member->run && !request->previous ? "f" : "");
    {
        char *argv[] = {tool,
                        (char[]){".podlog"},
                        pl->log_dir,
                        member->spec->name,
                        back > 1 ? (char[]){"1"} : (char[]){"0"},
                        tail,
                        since,
                        limit,
                        how,
                        NULL};

        if (member->run)
            pod_run_outside(member->run, ch, env, argv);
        else
            guests_run_outside(&pl->lead->guests, ch, env, argv);
    }
}

/* ------------------------------------------------------------------------ ports */

/* A socket that has reached the port, or is about to. Over loopback a connection
 * stands, or is refused, by the time that connect returns. */
static int reach(struct pod_lead *pl, int family, uint16_t port, int *ret,
                 struct err *err)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port),
                              .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const struct sockaddr *to =
        family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    cleanup(closep) int fd = sandbox_socket(pl->sandbox, family, SOCK_STREAM, 0, err);
    struct pollfd pfd = {.fd = fd, .events = POLLOUT};
    int code = 0;
    socklen_t len = sizeof(code);

    if (fd < 0)
        return fd;
    if (connect(fd, to, family == AF_INET ? sizeof(v4) : sizeof(v6)) == 0 ||
        (errno == EINPROGRESS && poll(&pfd, 1, 0) == 0)) {
        *ret = take_fd(fd);
        return 0;
    }
    code = errno;
    if (code == EINPROGRESS)
        (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len);
    if (code)
        return err_sys(err, code, "port %u of the pod", (unsigned int)port);
    *ret = take_fd(fd);
    return 0;
}

static void serve_port(struct pod_lead *pl, struct channel *ch,
                       const Berth__Envelope *env)
{
    uint32_t port = env->port_request->port;
    struct err err, second;
    int fd = -1;
    int rc;

    if (port == 0 || port > UINT16_MAX)
        rc = err_set(&err, EINVAL, "there is no port %u", port);
    else if (!pl->sandbox)
        rc = err_set(&err, ESRCH, "the pod has ended");
    else if ((rc = reach(pl, AF_INET, (uint16_t)port, &fd, &err)) != 0 &&
             reach(pl, AF_INET6, (uint16_t)port, &fd, &second) == 0)
        rc = 0;
    if (rc)
        guests_refuse(ch, env, &err);
    else
        guests_connect(&pl->lead->guests, ch, env, fd);
}

void pod_serve(struct pod_lead *pl, struct channel *ch, const Berth__Envelope *env)
{
    if (env->body_case == BERTH__ENVELOPE__BODY_LOG)
        serve_log(pl, ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_EXEC)
        serve_exec(pl, ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_ATTACH)
        serve_attach(pl, ch, env);
    else
        serve_port(pl, ch, env);
}
