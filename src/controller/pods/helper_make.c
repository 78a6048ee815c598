/* SPDX-License-Identifier: Apache-2.0
 *
 * helper_make.c - from what a batch job brings along to pods that may be entered
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "controller/pods/helpers.h"
#include "controller/objects/object_tally.h"
#include "controller/pods/pods.h"
#include "wire/pack.h"

/* Which batch job a pod belongs to, for selectors. */
#define LABEL "berth/job"
/* "-" and the job's number follow. */
#define NAME_MAX_LENGTH 52

static void put(struct object_text *text, struct node *map, const char *key,
                const char *value)
{
    struct node_tree *tree = text->manifest.documents.tree;

    node_set(tree, map, key, node_new_text(tree, NODE_STRING, value, strlen(value)));
}

/* "db" of job 17 is db-17. */
static void rename_pod(struct object_text *text, uint32_t job)
{
    struct node_tree *tree = text->manifest.documents.tree;
    const struct mf_object *one = text->manifest.objects;
    struct node *meta = node_get(one->root, "metadata");
    struct node *labels = node_get(meta, "labels");
    cleanup(freep) char *number = xasprintf("%" PRIu32, job);
    cleanup(freep) char *name = xasprintf("%s-%s", text->name, number);

    if (!labels || labels->kind != NODE_MAP) {
        labels = node_new(tree, NODE_MAP, 0, 0);
        node_set(tree, meta, "labels", labels);
    }
    put(text, labels, LABEL, number);
    put(text, meta, "name", name);
    str_replace(&text->name, name);
    free(text->json);
    text->json = object_print(one->root, &text->json_len);
}

static int check(const struct helper_drafts *drafts, const struct object_text *text,
                 const Berth__PodHelper *helper, struct err *err)
{
    if (text->kind != &pods_kind)
        return err_set(err, EINVAL, "a %s is no helper: only pods are",
                       text->kind->kind);
    if (!text->name || strcmp(text->name, helper->name) != 0)
        return err_set(err, EINVAL, "metadata.name: it is not '%.64s'", helper->name);
    if (strlen(text->name) > NAME_MAX_LENGTH)
        return err_set(err, EINVAL, "metadata.name: longer than %d characters",
                       NAME_MAX_LENGTH);
    for (size_t i = 0; i < drafts->n; i++)
        if (drafts->objects[i] && &drafts->texts[i] != text &&
            strcmp(drafts->objects[i]->draft->pod->helper, helper->name) == 0)
            return err_set(err, EINVAL, "metadata.name: there are two of it");
    return 0;
}

static int draft_one(struct controller *ctl, const Berth__JobSpec *spec, uint32_t id,
                     const Berth__PodHelper *helper, struct helper_drafts *drafts,
                     char **warning, struct err *err)
{
    const struct object_wish wish = {.text = (const char *)helper->manifest.data,
                                     .len = helper->manifest.len,
                                     .uid = spec->uid,
                                     .gid = spec->gid,
                                     .user = spec->user};
    struct object_text *text = &drafts->texts[drafts->n];
    struct ctl_object **object = &drafts->objects[drafts->n++];
    int rc = object_text_read(ctl, &wish, text, warning, err);

    if (rc == 0)
        rc = check(drafts, text, helper, err);
    if (rc)
        return rc;
    rename_pod(text, id);
    rc = object_draft(ctl, &wish, text, object, err);
    if (rc)
        return rc;
    field_set(&(*object)->record->made_by_kind, "BatchJob");
    (*object)->record->made_by_name = xasprintf("%" PRIu32, id);
    return pods_admit_helper(ctl, *object, spec, id, helper->name, warning, err);
}

/* Each was looked at as if it were alone. */
static int check_room(struct controller *ctl, const struct helper_drafts *drafts,
                      uint32_t uid, struct err *err)
{
    size_t bytes = 0;

    for (size_t i = 0; i < drafts->n; i++)
        bytes += drafts->objects[i]->record->manifest.len;
    return object_tally_check(ctl, uid, (uint32_t)drafts->n, bytes, err);
}

int helpers_draft(struct controller *ctl, const Berth__JobSpec *spec, uint32_t id,
                  const Berth__PodWish *wish, struct helper_drafts *ret, char **warning,
                  struct err *err)
{
    if (*spec->array)
        return err_set(err, EINVAL,
                       "--pod: an array has no helper pods, as each element would need "
                       "its own: submit a job for each of them, in a loop");
    if (wish->n_helpers > HELPERS_MAX)
        return err_set(err, E2BIG, "--pod: more than %d helper pods", HELPERS_MAX);
    for (size_t i = 0; i < wish->n_helpers; i++) {
        cleanup(freep) char *warned = NULL;
        const char *name = wish->helpers[i]->name;
        int rc = draft_one(ctl, spec, id, wish->helpers[i], ret, &warned, err);

        if (rc)
            return err_wrap(err, "helper pod %.64s", name);
        if (warned) {
            cleanup(freep) char *words = xasprintf("helper pod %s: %s", name, warned);

            words_add(warning, words);
        }
    }
    return check_room(ctl, ret, spec->uid, err);
}

void helpers_fini(struct helper_drafts *drafts)
{
    for (size_t i = 0; i < drafts->n; i++) {
        object_free(drafts->objects[i]);
        object_text_fini(&drafts->texts[i]);
    }
    drafts->n = 0;
}

void helpers_enter(struct controller *ctl, struct helper_drafts *drafts)
{
    for (size_t i = 0; i < drafts->n; i++)
        objects_enter(ctl, take(drafts->objects[i]),
                      drafts->texts[i].manifest.objects->root);
}
