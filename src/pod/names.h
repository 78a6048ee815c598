/* SPDX-License-Identifier: Apache-2.0
 *
 * names.h - what a pod calls itself, and the files in which it looks names up (pure)
 */
#ifndef BERTH_POD_NAMES_H
#define BERTH_POD_NAMES_H

#include "objects/pod.h"

/* As in glibc: what is beyond is not asked. */
#define POD_NAME_SERVERS 3
#define POD_NAME_SEARCHES 32

/* Another pod whose name resolves: a member of its gang. */
struct pod_neighbour {
    const char *name, *subdomain; /* subdomain NULL: none */
    const char *address;
};

struct pod_hosts {
    const char *address;    /* the pod's own; "": it has none but loopback's */
    const char *name_space; /* for the full name */
    const char *node_hosts; /* with hostNetwork: text of the node's file; else NULL */
    const struct pod_neighbour *neighbours;
    size_t n_neighbours;
};

/* The other members of its gang, from the text that the controller sends: a line each,
 * "ADDRESS NAME SUBDOMAIN", "-" for no subdomain. Itself, what is no such line and what
 * is beyond POD_GANG_MAX are left out. */
#define POD_GANG_MAX 128
struct pod_gang {
    struct pod_neighbour *v;
    size_t n;
    char **words; /* that they point to, an strv */
};
void pod_gang_read(const char *text, size_t len, const struct mf_pod *self,
                   struct pod_gang *ret);
void pod_gang_fini(struct pod_gang *gang);

/* spec.hostname, else the pod's name: at most 63 characters; heap. */
char *pod_hostname(const struct mf_pod *pod);
/* Text of /etc/hosts; heap. */
char *pod_hosts_text(const struct mf_pod *pod, const struct pod_hosts *hosts);
/* Text of /etc/resolv.conf: 'node_text', of the node's file, unless dnsPolicy is None,
 * and dnsConfig added to it. 'server', when not NULL, stands in the place of the node's
 * servers (user mode has one of its own). Heap. */
char *pod_resolver_text(const struct mf_pod *pod, const char *node_text,
                        const char *server);
/* Do all servers of a resolv.conf listen on loopback, where a pod does not reach them?
 */
bool pod_resolver_is_local(const char *text);

#endif
