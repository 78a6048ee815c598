/* SPDX-License-Identifier: Apache-2.0
 *
 * manifest.c - from a text to objects, each with what is wrong with it
 */
#include "objects/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/fields.h"
#include "objects/types.h"

struct reading {
    const char *file;
    const struct manifest_rules *rules;
    struct manifest *manifest;
};

/* apiVersion and kind are read already; the table has the rest. */
static void check_body(const struct mf_kind *kind, struct node *root,
                       struct report *report)
{
    struct node body = *root;
    struct node **items = xcalloc(root->n_items + 1, sizeof(struct node *));

    body.items = items;
    body.n_items = 0;
    for (size_t i = 0; i < root->n_items; i += 2) {
        const char *key = root->items[i]->text;

        if (strcmp(key, "apiVersion") == 0 || strcmp(key, "kind") == 0)
            continue;
        items[body.n_items++] = root->items[i];
        items[body.n_items++] = root->items[i + 1];
    }
    fields_check(kind->type, &body, report);
    free(items);
}

static void set_namespace(struct reading *r, struct mf_object *object)
{
    const struct manifest_rules *rules = r->rules;
    const char *ours = rules->name_space ? rules->name_space : "default";
    struct node *meta = node_get(object->root, "metadata");
    const char *theirs = node_string(meta, "namespace");

    if (!theirs || !*theirs)
        node_set(r->manifest->documents.tree, meta, "namespace",
                 node_new_text(r->manifest->documents.tree, NODE_STRING, ours,
                               strlen(ours)));
    else if (rules->has_to_match && strcmp(theirs, ours) != 0)
        report_error(&object->report, node_get(meta, "namespace"), "metadata.namespace",
                     "'%.64s' is not '%.64s', which --namespace asks for", theirs,
                     ours);
}

static void check_namespace(struct reading *r, struct mf_object *object)
{
    const struct node *meta = node_get(object->root, "metadata");
    const struct node *space = node_get(meta, "namespace");

    if (object->kind->has_namespace)
        set_namespace(r, object);
    else if (!node_is_nothing(space))
        report_warning(&object->report, space, "metadata.namespace",
                       "without effect: a %s is in no namespace", object->kind->name);
}

static void name_object(struct mf_object *object)
{
    const struct node *meta = node_get(object->root, "metadata");
    const char *name = node_string(meta, "name");

    object->kind_name = node_string(object->root, "kind");
    object->name = name ? name : node_string(meta, "generateName");
    object->name_space = node_string(meta, "namespace");
}

/* Compare with the fields, and if all is right fill it in and look at it as a whole. */
static void judge(struct reading *r, struct mf_object *object)
{
    const struct mf_kind *kind = object->kind;
    struct node_tree *tree = r->manifest->documents.tree;
    struct rules rules = {.report = &object->report, .root = object->root};

    check_body(kind, object->root, &object->report);
    object->was_checked = true;
    if (object->report.n_errors)
        return;
    fields_drop_nulls(kind->type, object->root);
    check_namespace(r, object);
    if (kind->fill)
        kind->fill(tree, object->root);
    fields_fill(kind->type, tree, object->root);
    object->object = fields_decode(kind->type, object->root);
    if (kind->judge)
        kind->judge(&rules, object->object ? object->object : kind->closure);
}

static void drop_object(struct mf_object *object)
{
    if (object->kind && object->kind->type)
        fields_free(object->kind->type, object->object);
    object->object = NULL;
}

static void add_object(struct reading *r, struct node *root)
{
    struct manifest *m = r->manifest;
    struct mf_object *object;

    if ((m->n & (m->n - 1)) == 0)
        m->objects = xrealloc(m->objects, m->n ? 2 * m->n : 1, sizeof(*m->objects));
    object = &m->objects[m->n++];
    *object = (struct mf_object){.root = root};
    name_object(object);
    object->kind = kind_find(r->rules->extra, root, &object->report);
    if (object->kind && object->kind->type)
        judge(r, object);
    if (object->kind && object->kind->refusal)
        report_error(&object->report, node_get(root, "kind"), "",
                     "%s is not run by Berth: %s", object->kind->name,
                     object->kind->refusal);
    name_object(object);
    if (object->report.n_errors)
        drop_object(object);
}

/* v1 List, PodList, ...: objects in a field "items". */
static bool is_list(const struct node *root)
{
    const char *kind = node_string(root, "kind");
    size_t len = kind ? strlen(kind) : 0;
    const struct node *items = node_get(root, "items");

    return len >= 4 && strcmp(kind + len - 4, "List") == 0 && items &&
           items->kind == NODE_LIST;
}

/* Items of a PodList need not say what they are. */
static void name_item(struct reading *r, const struct node *list, struct node *item)
{
    struct node_tree *tree = r->manifest->documents.tree;
    const char *api = node_string(list, "apiVersion"),
               *kind = node_string(list, "kind");
    size_t len = strlen(kind) - strlen("List");

    if (len == 0 || item->kind != NODE_MAP)
        return;
    if (!node_get(item, "kind"))
        node_set(tree, item, "kind", node_new_text(tree, NODE_STRING, kind, len));
    if (!node_get(item, "apiVersion") && api)
        node_set(tree, item, "apiVersion",
                 node_new_text(tree, NODE_STRING, api, strlen(api)));
}

static int add_all(struct reading *r, struct node *root, struct err *err)
{
    const struct node *items;
    int rc = 0;

    if (root->kind != NODE_MAP)
        return err_set(err, EINVAL, "%s:%u: %s is no object", r->file, root->line,
                       node_kind_name(root->kind));
    if (r->manifest->n == MANIFEST_OBJECTS_MAX)
        return err_set(err, E2BIG, "%s: more than %u objects", r->file,
                       MANIFEST_OBJECTS_MAX);
    if (!is_list(root)) {
        add_object(r, root);
        return 0;
    }
    items = node_get(root, "items");
    for (size_t i = 0; i < items->n_items && rc == 0; i++)
        if (items->items[i]->kind != NODE_NULL) {
            name_item(r, root, items->items[i]);
            rc = add_all(r, items->items[i], err);
        }
    return rc;
}

int manifest_read(const char *file, const char *text, size_t len,
                  const struct manifest_rules *rules, struct manifest *ret,
                  struct err *err)
{
    struct manifest manifest = {.n = 0};
    struct reading reading = {.file = file, .rules = rules, .manifest = &manifest};
    int rc;

    if (len > MANIFEST_TEXT_MAX)
        return err_set(err, EFBIG, "%s: larger than 16 MiB", file);
    rc = documents_read(file, text, len, &manifest.documents, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < manifest.documents.n && rc == 0; i++)
        rc = add_all(&reading, manifest.documents.roots[i], err);
    if (rc < 0)
        manifest_fini(&manifest);
    else
        *ret = manifest;
    return rc;
}

void manifest_fini(struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->n; i++) {
        drop_object(&manifest->objects[i]);
        report_fini(&manifest->objects[i].report);
    }
    free(manifest->objects);
    documents_fini(&manifest->documents);
    manifest->objects = NULL;
    manifest->n = 0;
}

const char *object_label(const void *object, const char *key)
{
    const struct mf_object *one = object;

    return node_string(node_get(node_get(one->root, "metadata"), "labels"), key);
}
