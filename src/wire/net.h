/* SPDX-License-Identifier: Apache-2.0
 *
 * net.h - sockets as both channel and call use them
 */
#ifndef BERTH_WIRE_NET_H
#define BERTH_WIRE_NET_H

#include <netdb.h>
#include <stddef.h>

#include "base/err.h"
#include "wire/auth.h"

/* Not blocking, closed on exec, small messages at once, dead peers noticed. */
void net_prepare(int fd);

/* A socket that begins to connect to 'ai': the descriptor, or -Exxx. Writable
 * when it is decided; net_connect_result then tells. */
int net_connect_start(const struct addrinfo *ai);
int net_connect_result(int fd);

/* Connect to the AF_UNIX socket at 'path': a blocking descriptor, or -Exxx with
 * words that name the path. */
int net_connect_local(const char *path, struct err *err);

/* Fill in peer->address from the connection. */
void net_peer_address(int fd, struct peer *peer);
/* Fill in 'peer' from what the kernel says of a local socket. */
int net_peer_local(int fd, struct peer *peer, struct err *err);

#endif
