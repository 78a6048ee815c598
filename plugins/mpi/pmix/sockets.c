/* SPDX-License-Identifier: Apache-2.0
 *
 * sockets.c - answer tasks without the kernel's delays
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

void sockets_hurry(void)
{
    static const int yes = 1;
    DIR *d = opendir("/proc/self/fd");
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        int fd = atoi(e->d_name);
        if (fd <= 2 || fd == dirfd(d) || !is_tcp_listener(fd))
            continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        for (int i = 0; i < 3; i++)
            if (setsockopt(fd, IPPROTO_TCP, TCP_DELACK_MAX_US, &delays_us[i],
                           sizeof(delays_us[i])) == 0)
                break;
    }
    closedir(d);
}
