/* SPDX-License-Identifier: Apache-2.0
 *
 * auth.h - the protocol's numbers, where MUNGE is, and who a peer is
 */
#ifndef BERTH_WIRE_AUTH_H
#define BERTH_WIRE_AUTH_H

#include <stdbool.h>
#include <sys/types.h>

#define WIRE_MAGIC 0x42525448u /* "BRTH" */
#define WIRE_VERSION_MIN 1
#define WIRE_VERSION_MAX 1
#define WIRE_FRAME_MAX (64u << 20)
#define WIRE_HELLO_MAX 8192u
#define WIRE_OPENING_MS 10000u

/* Where MUNGE is, and how long an opening may take. NULL socket: the default. */
struct wire_auth {
    const char *munge_socket; /* borrowed for the life of the channels */
    unsigned int timeout_ms;  /* of the whole opening; 0: WIRE_OPENING_MS */
    bool own_uid_only;        /* answering: admit root and our own uid alone */
};

struct peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;        /* local sockets only */
    char address[64]; /* "10.0.0.2:34567", or "local" */
};

#endif
