/* SPDX-License-Identifier: Apache-2.0
 *
 * kinds.h - the kinds of objects that manifests hold
 */
#ifndef BERTH_OBJECTS_KINDS_H
#define BERTH_OBJECTS_KINDS_H

#include "manifest/node.h"
#include "objects/rules.h"
#include "manifest/schema.h"

enum mf_kind_id {
    MF_POD,
    MF_JOB,
    MF_CRON_JOB,
    MF_CONFIG_MAP,
    MF_SECRET,
    MF_PERSISTENT_VOLUME,
    MF_PERSISTENT_VOLUME_CLAIM,
    MF_BATCH_JOB, /* Berth's own: given by whoever knows the options of jobs */
    MF_OTHER,     /* not run */
};

struct mf_kind {
    enum mf_kind_id id;
    const char *api, *name; /* "batch/v1", "Job" */
    const struct mf_type *type;
    bool has_namespace;
    const char *refusal; /* why it is not run; NULL: it is */
    /* Defaults that depend on other fields, before those of the table; NULL: none. */
    void (*fill)(struct node_tree *tree, struct node *root);
    /* How fields go together. 'object' is of the type's struct, NULL when there is
     * none. */
    void (*judge)(const struct rules *r, const void *object);
    const void *closure; /* of whoever made the kind */
};

extern const struct mf_kind mf_kinds[];
extern const size_t mf_n_kinds;

/* The kind of an object by what it says of itself. 'extra' (NULL: none) is one more
 * kind. NULL, with words about 'root', when there is none such. A version of an API
 * that is read as a later one gets a warning. */
const struct mf_kind *kind_find(const struct mf_kind *extra, const struct node *root,
                                struct report *report);

/* By its name alone, in any case ("pod", "cronjob", "cm"). */
const struct mf_kind *kind_by_name(const struct mf_kind *extra, const char *name);
/* The nearest name, or NULL. */
const char *kind_nearest(const struct mf_kind *extra, const char *name);

/* defaults.c */
void defaults_pod(struct node_tree *tree, struct node *root);
void defaults_job(struct node_tree *tree, struct node *root);
void defaults_cron_job(struct node_tree *tree, struct node *root);
void defaults_workload(struct node_tree *tree, struct node *root);

#endif
