/* SPDX-License-Identifier: Apache-2.0
 *
 * kvs.h - what tasks tell each other, by key
 *
 * What a task puts is seen at once on its node, and elsewhere after the next fence,
 * which carries what is new here to the others:
 *
 *     key \0 value \0 key \0 value \0 ...
 */
#ifndef PMI2_KVS_H
#define PMI2_KVS_H

#include "text.h"

/* Without the NUL: one less than what tasks are told, as their libraries count it. */
#define KVS_KEY_MAX 63
#define KVS_VALUE_MAX 1023
/* Of all keys and values together, of a node or that a fence brings. */
#define KVS_BYTES_MAX (512u << 20)

struct kvs;

struct kvs *kvs_create(void);
void kvs_destroy(struct kvs *kvs);

/* Put a pair over one of the same key. -EINVAL: without a key, or one of them is too
 * long; -ENOSPC. */
int kvs_put(struct kvs *kvs, const char *key, const char *value);
/* The same for a pair that every node knows by itself: no fence carries it. */
int kvs_put_known(struct kvs *kvs, const char *key, const char *value);
const char *kvs_get(const struct kvs *kvs, const char *key);

/* Add to 'to' what was put since this was last asked. */
void kvs_take_new(struct kvs *kvs, struct text *to);
/* Take in what a fence brought. -EPROTO: no list of pairs; else as kvs_put. */
int kvs_merge(struct kvs *kvs, const char *data, size_t len);

#endif
