/* SPDX-License-Identifier: Apache-2.0
 *
 * socket.c - a socket of another network namespace
 *
 * Only a process with one thread may enter a user namespace. So a child makes the
 * socket that shares memory and descriptors with its parent, which waits meanwhile as
 * for a vfork: the socket is simply there when it has gone.
 *
 * Instead of a process that stays in the pod and hands sockets over: that is memory of
 * every pod, one more thing to be killed or stopped, and an answer to be waited for.
 */
#include "probe/socket.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE (16u << 10)

/* On a stack that the address sanitizer does not know. */
#define ON_OWN_STACK __attribute__((no_sanitize("address"), noinline))

struct making {
    const struct net_place *place;
    int family;
    int result; /* the descriptor or -Exxx */
};

static int make_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    return fd < 0 ? -errno : fd;
}

ON_OWN_STACK static int child_main(void *arg)
{
    struct making *making = arg;
    const struct net_place *place = making->place;

    if ((place->user >= 0 && setns(place->user, CLONE_NEWUSER) < 0) ||
        (place->net >= 0 && setns(place->net, CLONE_NEWNET) < 0))
        making->result = -errno;
    else
        making->result = make_socket(making->family);
    return 0;
}

/* No handler of ours may run in the child: what it changed would be changed here. */
static int run_child(struct making *making)
{
    char stack[STACK_SIZE] __attribute__((aligned(16)));
    sigset_t all, before;
    pid_t pid;
    int r = 0;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    /* Without a signal at its end, which others of this process would wait for. */
    pid = clone(child_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_FILES,
                making);
    if (pid < 0)
        r = -errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    while (pid > 0 && waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
    return r;
}

int socket_in(const struct net_place *place, int family, int *ret_fd, struct err *err)
{
    struct making making = {.place = place, .family = family, .result = -ECHILD};
    int r;

    if (!place || place->net < 0) {
        making.result = make_socket(family);
    } else {
        r = run_child(&making);
        if (r < 0)
            return err_sys(err, -r, "a socket in the pod's network");
    }
    if (making.result < 0)
        return err_sys(err, -making.result, "a socket in the pod's network");
    *ret_fd = making.result;
    return 0;
}
