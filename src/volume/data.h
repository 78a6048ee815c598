/* SPDX-License-Identifier: Apache-2.0
 *
 * data.h - the objects that a pod names: ConfigMaps, Secrets, claims, volumes
 *
 * As the controller sent them. Whoever holds a Secret holds it here: it is kept out of
 * core dumps, and overwritten before it is freed.
 */
#ifndef BERTH_VOLUME_DATA_H
#define BERTH_VOLUME_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/objects.h"

struct pod_data;

struct pod_data *pod_data_create(void);
void pod_data_destroy(struct pod_data *data);

/* Take in what the controller sent: JSON of an object of 'kind' ("ConfigMap",
 * "Secret", "PersistentVolume", "PersistentVolumeClaim"), over what was there under
 * the name; empty: it is gone, whatever its revision when that is 0. An older revision
 * than the one that is there changes nothing. 1 when something changed, 0, or -EINVAL
 * with words (without a word of the data). */
int pod_data_put(struct pod_data *data, const char *kind, const char *name,
                 uint64_t revision, const void *json, size_t len, struct err *err);

/* Bytes of a ConfigMap or Secret; borrowed until the next put. */
struct data_entry {
    const char *key, *bytes; /* a NUL behind them */
    size_t len;
    bool is_binary; /* of a ConfigMap's binaryData: no variable is made of it */
};

/* All that a ConfigMap / Secret holds, by key; a Secret's texts stand for data of the
 * same key. Borrowed likewise. -ENOENT when there is none. */
int pod_data_config(const struct pod_data *data, const char *name,
                    const struct data_entry **ret, size_t *ret_n);
int pod_data_secret(const struct pod_data *data, const char *name,
                    const struct data_entry **ret, size_t *ret_n);
/* NULL: there is no such key. */
const struct data_entry *data_entry_find(const struct data_entry *entries, size_t n,
                                         const char *key);

/* The volume whose claimRef names the claim, or that the claim names. */
const struct mf_persistent_volume *pod_data_bound(const struct pod_data *data,
                                                  const char *claim);

#endif
