/* SPDX-License-Identifier: Apache-2.0
 *
 * values.h - what fields are in C
 *
 * Strings and lists are owned; NULL and 0: not said. Numbers that were not said and
 * have no default are MF_UNSET.
 */
#ifndef BERTH_MANIFEST_VALUES_H
#define BERTH_MANIFEST_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "spec/quantity_spec.h"

#define MF_UNSET INT64_MIN

/* Every list has this shape. */
#define MF_LIST(type) \
    struct {          \
        type *items;  \
        size_t n;     \
    }

struct mf_pair {
    char *key, *value;
};

/* Data of ConfigMaps and Secrets: base64 taken off, a NUL behind it. */
struct mf_blob {
    char *key, *bytes;
    size_t len;
};

struct mf_amount {
    char *resource; /* "cpu", "memory", "nvidia.com/gpu" */
    struct quantity quantity;
};

typedef MF_LIST(struct mf_pair) mf_pairs;
typedef MF_LIST(struct mf_blob) mf_blobs;
typedef MF_LIST(struct mf_amount) mf_amounts;
typedef MF_LIST(int64_t) mf_numbers;
typedef MF_LIST(int) mf_choices; /* an enum each */

/* A port by number, or by the name it has in the container. */
struct mf_port_ref {
    int64_t number; /* 0: by name */
    char *name;
};

#endif
