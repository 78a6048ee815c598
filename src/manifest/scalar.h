/* SPDX-License-Identifier: Apache-2.0
 *
 * scalar.h - what a word without quotes is: YAML 1.1 as Kubernetes reads it
 *
 * kubectl turns YAML into JSON with sigs.k8s.io/yaml, whose rules these are:
 *
 *     ~ null Null NULL, nothing at all             null
 *     true yes on y ..., false no off n ...        truth values
 *     17 0x1f 0b101 0o17 017 1_000 -3              whole numbers, 017 and 0o17 in base
 * 8 1.5 .5 1e3 089                               numbers with a fraction .inf .nan
 * numbers that JSON does not have 2026-11-26 and all else                      texts
 */
#ifndef BERTH_MANIFEST_SCALAR_H
#define BERTH_MANIFEST_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#include "manifest/node.h"

struct scalar {
    enum node_kind kind;
    bool truth;
    int64_t number;
    bool is_endless; /* .inf, .nan: of NODE_FLOAT */
};

struct scalar scalar_resolve(const char *text);

#endif
