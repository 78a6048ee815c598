/* SPDX-License-Identifier: Apache-2.0
 *
 * manifest.h - a text full of objects, read and judged
 *
 *     text -> documents -> List taken apart -> kind -> check -> fill -> decode -> rules
 *
 * Needs no cluster, reads no file and knows no time of day.
 */
#ifndef BERTH_OBJECTS_MANIFEST_H
#define BERTH_OBJECTS_MANIFEST_H

#include "objects/kinds.h"
#include "manifest/reader.h"
#include "manifest/report.h"

#define MANIFEST_TEXT_MAX (16u << 20)
#define MANIFEST_OBJECTS_MAX 100000u

struct mf_object {
    const struct mf_kind *kind; /* NULL: no kind that we know */
    struct node *root;          /* of the manifest's tree */
    /* The struct of the kind's type, filled in: 'struct mf_pod', 'struct mf_job', ...
     * NULL unless it is accepted. */
    void *object;
    struct report report; /* it is accepted when this has no errors */
    /* "Pod", "web": as far as they are said; borrowed from the tree. */
    const char *kind_name, *name, *name_space;
    bool was_checked; /* refused at last, but compared with its fields before */
};

struct manifest {
    struct documents documents;
    struct mf_object *objects;
    size_t n;
};

struct manifest_rules {
    const char *name_space;      /* for objects that name none; NULL: "default" */
    bool has_to_match;           /* and others may not name another */
    const struct mf_kind *extra; /* one more kind; NULL: none */
};

/* Read 'text'. 'file' is what words call it. What is wrong with an object is in its
 * report; -EINVAL with words when the text is not readable at all. */
int manifest_read(const char *file, const char *text, size_t len,
                  const struct manifest_rules *rules, struct manifest *ret,
                  struct err *err);
void manifest_fini(struct manifest *manifest);

/* The value of a label of an object, or NULL: for label_spec_holds. */
const char *object_label(const void *object, const char *key);

#endif
