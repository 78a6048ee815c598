/* SPDX-License-Identifier: Apache-2.0
 *
 * tools.c - who may connect
 *
 * Tasks must know the namespace's name, tools need no name: they find the server by
 * a file in a directory that is the user's alone. Both say who they are, and libpmix
 * believes it. But the connection comes from this machine, and the kernel knows
 * whose socket its other end is.
 */
#include "server.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* -------------------------------------------------------------------- peers */

struct diag_request {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

/* The socket at the other end of 'fd' is the one whose source is our destination. */
static int fill_request(int fd, struct diag_request *request)
{
    struct sockaddr_in own, peer;
    socklen_t len = sizeof(own);
    if (getsockname(fd, (struct sockaddr *)&own, &len) < 0 || own.sin_family != AF_INET)
        return -errno;
    len = sizeof(peer);
    if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
        return -errno;
    *request = (struct diag_request){
        .head = {.nlmsg_len = sizeof(*request),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = AF_INET,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = ~0U},
    };
    struct inet_diag_sockid *id = &request->body.id;
    id->idiag_sport = peer.sin_port;
    id->idiag_dport = own.sin_port;
    memcpy(id->idiag_src, &peer.sin_addr, sizeof(peer.sin_addr));
    memcpy(id->idiag_dst, &own.sin_addr, sizeof(own.sin_addr));
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return 0;
}

/* Whose the other end is; -ENOENT when it is gone, -EPERM and the like when the kernel
 * does not say. */
static int peer_uid(int fd, uid_t *ret)
{
    struct diag_request request;
    union {
        struct nlmsghdr head;
        char bytes[1024];
    } reply;
    int rc = fill_request(fd, &request);
    if (rc < 0)
        return rc;
    int diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (diag < 0)
        return -errno;
    ssize_t n = send(diag, &request, sizeof(request), 0);
    if (n >= 0)
        n = recv(diag, &reply, sizeof(reply), 0);
    rc = n < 0 ? -errno : 0;
    close(diag);
    if (rc < 0 || n < (ssize_t)sizeof(reply.head))
        return rc < 0 ? rc : -EIO;
    if (reply.head.nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *error = NLMSG_DATA(&reply.head);
        return error->error ? error->error : -EIO;
    }
    const struct inet_diag_msg *msg = NLMSG_DATA(&reply.head);
    *ret = msg->idiag_uid;
    return 0;
}

/* By descriptor: the kernel's number of a connection that was found to be the user's.
 * libpmix's thread only. */
static struct {
    uint64_t *cookies;
    size_t n;
} known;

static uint64_t *slot_of(int fd)
{
    size_t n = (size_t)fd + 64;
    if ((size_t)fd < known.n)
        return &known.cookies[fd];
    uint64_t *more = realloc(known.cookies, n * sizeof(*more));
    if (!more)
        return NULL;
    memset(more + known.n, 0, (n - known.n) * sizeof(*more));
    known.cookies = more;
    known.n = n;
    return &known.cookies[fd];
}

static void check_peer(int fd, void *ctx)
{
    bool *all_are_own = ctx;
    uid_t uid = (uid_t)-1;
    uint64_t cookie = 0, *slot = slot_of(fd);
    socklen_t len = sizeof(cookie);
    getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
    if (cookie && slot && *slot == cookie)
        return;
    int rc = peer_uid(fd, &uid);
    if (rc == 0 && slot && (uid == geteuid() || uid == 0))
        *slot = cookie;
    if (rc == 0 && (uid == geteuid() || uid == 0))
        return;
    /* One that has gone is nobody's; one that the kernel does not tell of is a
     * stranger. */
    if (rc == -ENOENT)
        return;
    *all_are_own = false;
    shutdown(fd, SHUT_RDWR);
}

bool peers_check(void)
{
    bool all_are_own = true;
    sockets_each_peer(check_peer, &all_are_own);
    return all_are_own;
}

/* -------------------------------------------------------------------- tools */

static atomic_uint n_tools;

/* A name for the tool, unless it has one of its own that is not a step's. */
static void name_tool(const pmix_info_t info[], size_t n_info, pmix_proc_t *ret)
{
    const struct server *server = server_now();
    const pmix_value_t *nspace = infos_find(info, n_info, PMIX_NSPACE);
    const pmix_value_t *rank = infos_find(info, n_info, PMIX_RANK);
    char name[PMIX_MAX_NSLEN];
    if (nspace && nspace->type == PMIX_STRING && nspace->data.string[0] && rank &&
        rank->type == PMIX_PROC_RANK && rank->data.rank < PMIX_RANK_VALID &&
        strncmp(nspace->data.string, "berth.", 6) != 0) {
        PMIX_LOAD_PROCID(ret, nspace->data.string, rank->data.rank);
        return;
    }
    snprintf(name, sizeof(name), "tool.%u.%u.%u.%u", server->job, server->step,
             server->node_index, atomic_fetch_add(&n_tools, 1));
    PMIX_LOAD_PROCID(ret, name, 0);
}

void tool_connected(pmix_info_t *info, size_t n_info,
                    pmix_tool_connection_cbfunc_t cbfunc, void *cbdata)
{
    const pmix_value_t *uid = infos_find(info, n_info, PMIX_USERID);
    bool is_own = peers_check();
    pmix_proc_t proc;
    if (uid && uid->type == PMIX_UINT32 && uid->data.uint32 != geteuid() &&
        uid->data.uint32 != 0)
        is_own = false;
    name_tool(info, n_info, &proc);
    cbfunc(is_own ? PMIX_SUCCESS : PMIX_ERR_NO_PERMISSIONS, &proc, cbdata);
}
