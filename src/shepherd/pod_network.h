/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_network.h - the network of a pod's sandbox, and its names
 */
#ifndef BERTH_SHEPHERD_POD_NETWORK_H
#define BERTH_SHEPHERD_POD_NETWORK_H

#include "shepherd/pod_lead.h"

/* It has one of its own, rather than the node's. */
bool pod_network_is_own(const struct pod_lead *pl);
/* What the pod calls itself. */
const char *pod_network_hostname(const struct pod_lead *pl);

/* The sandbox stands: get its network ready. 'fn' is called once, at once or later,
 * with why the pod cannot be (NULL: all is well). */
void pod_network_start(struct pod_lead *pl,
                       void (*fn)(struct pod_lead *pl, const struct err *why));
/* The node's daemon is there again. */
void pod_network_node_is_back(struct pod_lead *pl);
/* The pod's address, and its node's; "": not known. */
const char *pod_network_address(const struct pod_lead *pl);
const char *pod_network_host_address(const struct pod_lead *pl);
/* The file to be /etc/hosts of all containers; NULL: the node's. */
const char *pod_network_hosts(const struct pod_lead *pl);
/* The mounts that come of it, /etc/hosts and /etc/resolv.conf; n of them, ours. */
const struct bind_mount *pod_network_mounts(const struct pod_lead *pl, size_t *ret_n);
/* Who else is in its gang, as the controller tells it: into /etc/hosts, also of
 * containers that run. */
void pod_network_gang(struct pod_lead *pl, const char *text, size_t len);
void pod_network_end(struct pod_lead *pl);

#endif
