/* SPDX-License-Identifier: Apache-2.0
 *
 * net.c - sockets as both channel and call use them
 */
#include "wire/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

/* A peer whose machine has gone is noticed after a minute or so. */
#define KEEPALIVE_IDLE 30
#define KEEPALIVE_INTERVAL 10
#define KEEPALIVE_COUNT 3

static void set_option(int fd, int level, int name, int value)
{
    /* All of these only tune; a socket without them still works. */
    (void)setsockopt(fd, level, name, &value, sizeof(value));
}

void net_prepare(int fd)
{
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
}

int net_connect_start(const struct addrinfo *ai)
{
    cleanup(closep) int fd = -1;

    fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    net_prepare(fd);
    if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0 && errno != EINPROGRESS)
        return -errno;
    return take_fd(fd);
}

int net_connect_result(int fd)
{
    int code = 0;
    socklen_t len = sizeof(code);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
        return -errno;
    return -code;
}

int net_connect_local(const char *path, struct err *err)
{
    cleanup(closep) int fd = -1;
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(addr.sun_path))
        return err_set(err, ENAMETOOLONG, "%s: too long for a socket's path", path);
    memcpy(addr.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return err_sys(err, errno, "%s", path);
    return take_fd(fd);
}

void net_peer_address(int fd, struct peer *peer)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    char host[48], port[8];

    if (getpeername(fd, (struct sockaddr *)&addr, &len) < 0 ||
        getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        (void)snprintf(peer->address, sizeof(peer->address), "unknown");
        return;
    }
    (void)snprintf(peer->address, sizeof(peer->address), "%s:%s", host, port);
}

int net_peer_local(int fd, struct peer *peer, struct err *err)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return err_sys(err, errno, "SO_PEERCRED");
    peer->uid = cred.uid;
    peer->gid = cred.gid;
    peer->pid = cred.pid;
    (void)snprintf(peer->address, sizeof(peer->address), "local");
    return 0;
}
