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

/* spec.hostname, else the pod's name: at most 63 characters; heap. */
char *pod_hostname(const struct mf_pod *pod);
/* With a subdomain "HOST.SUBDOMAIN.NAMESPACE.svc.cluster.local", else NULL; heap. */
char *pod_full_name(const struct mf_pod *pod, const char *name_space);
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
