/* SPDX-License-Identifier: Apache-2.0
 *
 * facts.h - what is known of a pod beside its manifest
 */
#ifndef BERTH_VOLUME_FACTS_H
#define BERTH_VOLUME_FACTS_H

#include "objects/objects.h"

/* All borrowed; NULL: not known (yet), and whoever asks for it is told so. */
struct pod_facts {
    const struct mf_meta *meta; /* its labels now; NULL: those of the manifest */
    const char *uid;            /* of the object */
    const char *node;           /* its name */
    const char *host_ip, *pod_ip;
    const char *user; /* whose it is: spec.serviceAccountName */
    /* What the node has for pods, which stands for limits that are not said. */
    int64_t node_milli;                  /* thousandths of a core */
    int64_t node_memory, node_ephemeral; /* bytes */
};

/* The value of a field, as env and files have it ("metadata.labels": a line for each,
 * key="value"), into a heap string. -EINVAL with words when there is no such field,
 * -EAGAIN when it is not known yet. */
int pod_field(const struct mf_pod *pod, const struct pod_facts *facts, const char *path,
              char **ret, struct err *err);

/* An amount of a container of the pod (NULL: 'self'), in units of the divisor, rounded
 * up. */
int pod_amount(const struct mf_pod *pod, const struct pod_facts *facts,
               const struct mf_container *self, const struct mf_resource_ref *ref,
               char **ret, struct err *err);

#endif
