/* SPDX-License-Identifier: Apache-2.0
 *
 * payload.h - which files a configMap, secret, downwardAPI or projected volume holds
 *
 * Pure.
 */
#ifndef BERTH_VOLUME_PAYLOAD_H
#define BERTH_VOLUME_PAYLOAD_H

#include <sys/types.h>

#include "volume/data.h"
#include "volume/facts.h"

struct payload_file {
    const char *path;  /* relative and plain; borrowed */
    const char *bytes; /* borrowed, or 'own' */
    size_t len;
    mode_t mode;
    char *own;
};

struct payload {
    struct payload_file *files;
    size_t n;
};

/* What the volume should hold now. -ENOENT with words when an object or a key is not
 * there that is not optional; -EAGAIN when a field is not known yet; -EINVAL when two
 * sources say the same path. Borrows from 'data' and 'pod'. */
int payload_make(const struct mf_pod *pod, const struct mf_volume *volume,
                 const struct pod_data *data, const struct pod_facts *facts,
                 struct payload *ret, struct err *err);
void payload_fini(struct payload *payload);

#endif
