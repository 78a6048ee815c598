/* SPDX-License-Identifier: Apache-2.0
 *
 * socket.h - a socket of another network namespace
 *
 * A socket belongs to the namespace that it was made in, whoever uses it: what is made
 * here connects from inside of a pod, and is served by the caller's own loop.
 */
#ifndef BERTH_PROBE_SOCKET_H
#define BERTH_PROBE_SOCKET_H

#include "base/err.h"

/* Where sockets are made. Descriptors of namespaces; -1: the caller's own. */
struct net_place {
    int user, net;
};

/* A new TCP socket of 'family' in 'place' (NULL: here), nonblocking, not connected,
 * the caller's to close. 'place->user' is the user namespace that owns the network,
 * made by the caller's user. Takes a fraction of a millisecond, and no process stays.
 */
int socket_in(const struct net_place *place, int family, int *ret_fd, struct err *err);

#endif
