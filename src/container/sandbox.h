/* SPDX-License-Identifier: Apache-2.0
 *
 * sandbox.h - what the containers of a pod have in common
 *
 *     caller                     sandbox's first process        a container's first
 *     sandbox_create --clone-->  user, mount, network, IPC,
 *                    <--ready--  UTS namespaces; waits
 *     container_create, with container_spec.sandbox:
 *       helper: setns of all  --clone(PARENT)-------------->    mount, PID; root
 *
 * There is no image in it. All containers are in its one user namespace, so their
 * programs may read each other's memory as far as they can name each other. Its first
 * process, the pause, is where sockets of its network come from, and PID 1 where the
 * containers share processes.
 */
#ifndef BERTH_CONTAINER_SANDBOX_H
#define BERTH_CONTAINER_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "container/container.h"

/* A file system of memory, mounted in the sandbox's own mount namespace, of which the
 * containers' are copies: a source for their mounts, and nobody else's. */
struct sandbox_memory {
    const char *path; /* a directory that is there */
    uint64_t bytes;   /* bounds it; 0: half the memory */
    unsigned int mode;
    bool never_swapped; /* a ramfs: without bounds but those of a control group */
};

struct sandbox_spec {
    bool as_root; /* the containers have the capabilities of their user namespace */
    bool has_ids; /* the caller is uid and gid in all containers, not itself */
    uid_t uid;
    gid_t gid;
    bool own_network;     /* with a loopback device only, until it is given more; all
                           * its ports are anybody's, those below 1024 too */
    bool shares_pids;     /* one PID namespace for all containers */
    const char *hostname; /* NULL: the node's (no UTS namespace is made) */
    const char *program;  /* a static one to become, SANDBOX_PROGRAM of Berth's; NULL:
                           * the pause stays a copy of the caller */
    const struct sandbox_memory *memory;
    size_t n_memory;
    const int *groups; /* as in container_spec */
    size_t n_groups;
};

struct sandbox;

/* Make one and wait until it stands. The caller has one thread. */
int sandbox_create(const struct sandbox_spec *spec, struct sandbox **ret,
                   struct err *err);
/* End it. Containers in it end only if they share its processes. */
void sandbox_destroy(struct sandbox *sandbox);

/* In the order of container_namespaces; -1: what is the node's, or each container's
 * own. They stay the sandbox's. */
const int *sandbox_namespaces(const struct sandbox *sandbox);
/* Of these the network's; -1: the node's. */
int sandbox_network(const struct sandbox *sandbox);
/* The root of spec->memory[i], O_PATH; stays the sandbox's. Until it is closed the file
 * system is there. */
int sandbox_memory(const struct sandbox *sandbox, size_t i);
bool sandbox_shares_pids(const struct sandbox *sandbox);
bool sandbox_is_root(const struct sandbox *sandbox);
pid_t sandbox_pid(const struct sandbox *sandbox);

/* A socket(2) made in its network, close-on-exec and not blocking: a descriptor, the
 * caller's, or -Exxx. Waits for the pause, a second at most. */
int sandbox_socket(struct sandbox *sandbox, int family, int type, int protocol,
                   struct err *err);

#endif
