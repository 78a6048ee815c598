/* SPDX-License-Identifier: Apache-2.0
 *
 * node_double.c - plays the node's daemon to real shepherds
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node_double.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "wire/call_priv.h"
#include "wire/pack.h"

#define WAIT_MS 60000
#define LINE_FD 3

static char n1[] = "n1", address[] = "127.0.0.1", two_cores[] = "0-1";
static char cluster[] = "test";

static void make_grant(struct node_double *node)
{
    Berth__Grant grant = BERTH__GRANT__INIT;

    berth__node_share__init(&node->share);
    node->share.node = n1;
    node->share.address = address;
    node->share.port = 1;
    node->share.cores = two_cores;
    node->share.tasks = 1;
    node->shares[0] = &node->share;
    berth__placement__init(&node->placement);
    node->placement.shares = node->shares;
    node->placement.n_shares = 1;
    grant.job_id = 17;
    grant.epoch = 1;
    grant.uid = geteuid();
    grant.gid = getegid();
    grant.placement = &node->placement;
    berth__signed_grant__init(&node->grant);
    node->grant.grant.data = pack_message(&grant.base, &node->grant.grant.len);
}

void node_start(struct node_double *node)
{
    memset(node, 0, sizeof(*node));
    (void)snprintf(node->dir, sizeof(node->dir), "/tmp/berth-shepherd-XXXXXX");
    assert_non_null(mkdtemp(node->dir));
    assert_int_equal(chmod(node->dir, 0755), 0);
    node->run_dir = xasprintf("%s/job.17.1", node->dir);
    node->socket_path = xasprintf("%s/node.sock", node->dir);
    node->listener = -1;
    make_grant(node);
}

void node_stop(struct node_double *node)
{
    closep(&node->listener);
    free(node->grant.grant.data);
    free(node->run_dir);
    free(node->socket_path);
    assert_int_equal(io_remove_tree(node->dir, NULL), 0);
}

/* ------------------------------------------------------------------- lines */

static struct caller *line_of(int fd)
{
    struct caller *line = caller_create();

    line->fd = fd;
    codec_init_clear(&line->codec);
    return line;
}

static void become_shepherd(int fd)
{
    /* Also when it is there already: dup2 takes the close-on-exec flag away. */
    int line = fcntl(fd, F_DUPFD, LINE_FD + 1);

    if (dup2(line, LINE_FD) == LINE_FD) {
        (void)close(line);
        (void)execl(SHEPHERD, SHEPHERD, (char *)NULL);
    }
    _exit(127);
}

struct shepherd_double spawn_shepherd(void)
{
    struct shepherd_double shepherd;
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    shepherd.pid = fork();
    if (shepherd.pid == 0)
        become_shepherd(fds[1]);
    assert_true(shepherd.pid > 0);
    (void)close(fds[1]);
    shepherd.line = line_of(fds[0]);
    return shepherd;
}

int wait_for_exit(struct shepherd_double *shepherd)
{
    int status = -1;

    for (int waited = 0; waited < WAIT_MS; waited += 10) {
        if (waitpid(shepherd->pid, &status, WNOHANG) == shepherd->pid) {
            caller_destroy(take(shepherd->line));
            shepherd->pid = 0;
            return status;
        }
        (void)poll(NULL, 0, 10);
    }
    fail_msg("the shepherd did not end");
    return -1;
}

void cut_line(struct shepherd_double *shepherd)
{
    caller_destroy(take(shepherd->line));
}

void shepherd_reap(struct shepherd_double *shepherd)
{
    caller_destroy(take(shepherd->line));
    if (shepherd->pid <= 0)
        return;
    (void)kill(shepherd->pid, SIGKILL);
    (void)waitpid(shepherd->pid, NULL, 0);
    shepherd->pid = 0;
}

/* ---------------------------------------------------------------- messages */

void fill_assignment(struct node_double *node, Berth__Assignment *assignment)
{
    berth__assignment__init(assignment);
    assignment->node_name = n1;
    assignment->run_dir = node->run_dir;
    assignment->node_socket = node->socket_path;
    assignment->cluster = cluster;
    assignment->virtual_topology = true;
    assignment->kill_grace = 1;
    assignment->node_lost_after = 60;
}

int assign(struct shepherd_double *shepherd, Berth__Assignment *assignment)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Envelope *reply = NULL;
    int code = 0;

    env.id = 99;
    env.body_case = BERTH__ENVELOPE__BODY_ASSIGNMENT;
    env.assignment = assignment;
    assert_int_equal(caller_send(shepherd->line, &env, NULL), 0);
    while (!reply || !reply->reply) {
        struct err err = {0};

        free_message(reply);
        if (caller_recv(shepherd->line, WAIT_MS, &reply, &err))
            fail_msg("no answer to an assignment: %s", err.text);
    }
    assert_int_equal(reply->id, 99);
    if (reply->status)
        code = reply->status->code;
    free_message(reply);
    return code;
}

Berth__Envelope *expect(struct caller *from, Berth__Envelope__BodyCase body)
{
    for (;;) {
        Berth__Envelope *env = NULL;
        struct err err = {0};

        if (caller_recv(from, WAIT_MS, &env, &err))
            fail_msg("waiting for message %d: %s", (int)body, err.text);
        if (env->body_case == body)
            return env;
        free_message(env);
    }
}

void answer(struct caller *to, const Berth__Envelope *request, int code)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Status status = BERTH__STATUS__INIT;

    status.code = code;
    env.id = request->id;
    env.reply = true;
    env.status = &status;
    assert_int_equal(caller_send(to, &env, NULL), 0);
}

/* -------------------------------------------------------------- coming back */

void listen_again(struct node_double *node)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};

    (void)snprintf(local.sun_path, sizeof(local.sun_path), "%s", node->socket_path);
    node->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(node->listener, (struct sockaddr *)&local, sizeof(local)), 0);
    assert_int_equal(listen(node->listener, 8), 0);
}

struct caller *accept_one(struct node_double *node)
{
    struct pollfd wait = {.fd = node->listener, .events = POLLIN};
    int fd;

    assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
    fd = accept4(node->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    return line_of(fd);
}
