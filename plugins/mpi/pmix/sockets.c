/* SPDX-License-Identifier: Apache-2.0
 *
 * sockets.c - libpmix's sockets: no delays of the kernel, and whose they are
 *
 * A task says several small things in a row at its end, on a socket where the
 * kernel gathers small segments (Nagle). Each waits for the acknowledgment of
 * the one before, which this end by default delays by 40 ms. Accepted sockets
 * inherit what is set on the listening one, the only one we can reach.
 */
#include "server.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Since Linux 6.15; older kernels refuse it and keep their delay. */
#ifndef TCP_DELACK_MAX_US
#define TCP_DELACK_MAX_US 46
#endif

/* Two ticks of the kernel's clock are the least it takes: at 1000, 250, 100 Hz. */
static const int delays_us[] = {2000, 8000, 20000};

static bool is_tcp_listener(int fd)
{
    int is_listening = 0, family = 0;
    socklen_t len = sizeof(int);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) < 0)
        return false;
    len = sizeof(int);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0)
        return false;
    return is_listening && (family == AF_INET || family == AF_INET6);
}

/* Call 'fn' for each descriptor of this process but the standard ones. */
static void each_fd(void (*fn)(int fd, void *ctx), void *ctx)
{
    DIR *d = opendir("/proc/self/fd");
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        int fd = atoi(e->d_name);
        if (fd > 2 && fd != dirfd(d))
            fn(fd, ctx);
    }
    closedir(d);
}

static void hurry(int fd, void *ctx)
{
    static const int yes = 1;
    (void)ctx;
    if (!is_tcp_listener(fd))
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    for (int i = 0; i < 3; i++)
        if (setsockopt(fd, IPPROTO_TCP, TCP_DELACK_MAX_US, &delays_us[i],
                       sizeof(delays_us[i])) == 0)
            break;
}

void sockets_hurry(void)
{
    each_fd(hurry, NULL);
}

/* -------------------------------------------------------------------- peers */

static uint16_t port_of(int fd)
{
    struct sockaddr_in own;
    socklen_t len = sizeof(own);
    if (getsockname(fd, (struct sockaddr *)&own, &len) < 0 || own.sin_family != AF_INET)
        return 0;
    return own.sin_port;
}

static void find_port(int fd, void *ctx)
{
    uint16_t *port = ctx;
    if (is_tcp_listener(fd) && port_of(fd))
        *port = port_of(fd);
}

struct visit {
    uint16_t port;
    void (*fn)(int fd, void *ctx);
    void *ctx;
};

/* Those of the host go elsewhere, but may be of the same kind. */
static void visit_peer(int fd, void *ctx)
{
    const struct visit *visit = ctx;
    struct sockaddr_in peer;
    socklen_t len = sizeof(peer);
    if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
        peer.sin_family == AF_INET && port_of(fd) == visit->port)
        visit->fn(fd, visit->ctx);
}

void sockets_each_peer(void (*fn)(int fd, void *ctx), void *ctx)
{
    struct visit visit = {.fn = fn, .ctx = ctx};
    each_fd(find_port, &visit.port);
    if (visit.port)
        each_fd(visit_peer, &visit);
}
