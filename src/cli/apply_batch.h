/* SPDX-License-Identifier: Apache-2.0
 *
 * apply_batch.h - objects that were judged here, given to the cluster
 */
#ifndef BERTH_CLI_APPLY_BATCH_H
#define BERTH_CLI_APPLY_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "client/berth.h"
#include "objects/manifest.h"

enum apply_output {
    APPLY_LINES,
    APPLY_YAML,
    APPLY_JSON,
    APPLY_NAME,
    APPLY_WIDE,
};

struct apply_wish {
    Berth__ObjectApply__Verb verb;
    bool is_dry, is_quiet;
    const char *name_space; /* of objects that name none; NULL: default */
    enum apply_output output;
};

/* One object, and where it was found. */
struct apply_item {
    char *json;
    size_t len;
    char *file;
    const struct node *root; /* where its fields stand; borrowed */
    char *name;              /* "pod/web" */
    char **warnings;         /* what has been said about it (strv) */
    Berth__JobSpec *job; /* of a BatchJob: it goes into the queue; NULL: an object */
};

/* All zero: none. */
struct apply_batch {
    struct apply_item *items;
    size_t n;
};

/* Add an accepted object, which stays the caller's and is needed until it has been
 * sent; 'name' is what lists call it. -Exxx with words when a
 * BatchJob cannot be submitted from here. */
int apply_batch_add(struct apply_batch *batch, const char *config, const char *file,
                    const char *name, const struct mf_object *object, struct err *err);
void apply_batch_fini(struct apply_batch *batch);

/* Give all of them, in order, and print what became of each. An exit status. */
int apply_batch_send(const struct apply_batch *batch, struct berth *berth,
                     const struct apply_wish *wish);

#endif
