/* SPDX-License-Identifier: Apache-2.0
 *
 * workload_text.c - manifests that are made of templates
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "controller/objects/object_make.h"
#include "controller/pods/pod_place.h"
#include "controller/workloads/workload_pods.h"
#include "manifest/write.h"

/* What is left of the Job's name: names of hosts have 63 letters. */
#define NAME_MAX_HOST 63
#define INDEX_ENV "JOB_COMPLETION_INDEX"

static struct node *text_node(struct node_tree *tree, const char *text)
{
    return node_new_text(tree, NODE_STRING, text, strlen(text));
}

static struct node *map_of(struct node_tree *tree, const struct node *meta,
                           const char *key)
{
    const struct node *from = node_get(meta, key);

    return from && from->kind == NODE_MAP ? node_copy(tree, from)
                                          : node_new(tree, NODE_MAP, 0, 0);
}

void made_text_init(struct made_text *text, const char *api_version, const char *kind,
                    const char *name, const struct node *meta, const struct node *spec)
{
    struct node_tree *tree = xcalloc(1, sizeof(*tree));
    struct node *made = node_new(tree, NODE_MAP, 0, 0);

    *text = (struct made_text){.tree = tree, .root = node_new(tree, NODE_MAP, 0, 0)};
    text->labels = map_of(tree, meta, "labels");
    text->annotations = map_of(tree, meta, "annotations");
    text->spec = node_copy(tree, spec);
    node_set(tree, made, "name", text_node(tree, name));
    node_set(tree, made, "labels", text->labels);
    node_set(tree, made, "annotations", text->annotations);
    node_set(tree, text->root, "apiVersion", text_node(tree, api_version));
    node_set(tree, text->root, "kind", text_node(tree, kind));
    node_set(tree, text->root, "metadata", made);
    node_set(tree, text->root, "spec", text->spec);
}

void made_text_set(struct made_text *text, struct node *map, const char *key,
                   const char *value)
{
    node_set(text->tree, map, key, text_node(text->tree, value));
}

void made_text_inherit(struct made_text *text, const struct node *meta)
{
    const struct node *from = node_get(meta, "annotations");

    for (size_t i = 0; from && i + 1 < from->n_items; i += 2) {
        const char *key = from->items[i]->text;

        if (strncmp(key, "berth/", 6) == 0 && !node_get(text->annotations, key))
            made_text_set(text, text->annotations, key, from->items[i + 1]->text);
    }
}

char *made_text_print(struct made_text *text, size_t *ret_len)
{
    char *printed = NULL;
    FILE *out = open_memstream(&printed, ret_len);

    BUG_ON(!out);
    node_write_json(text->root, 0, out);
    BUG_ON(fclose(out));
    node_tree_free(text->tree);
    *text = (struct made_text){.tree = NULL};
    return printed;
}

/* "sweep-17", short enough for a host. */
static char *name_of_index(const char *job, int64_t index, size_t room)
{
    char number[24] = "";

    if (index != JOB_NO_INDEX)
        snprintf(number, sizeof(number), "-%" PRId64, index);
    return xasprintf("%.*s%s", (int)(room - strlen(number)), job, number);
}

char *workload_pod_name(const char *job, int64_t index)
{
    cleanup(freep) char *base =
        name_of_index(job, index, NAME_MAX_HOST - OBJECT_SUFFIX - 1);
    char suffix[OBJECT_SUFFIX + 1];

    object_suffix(suffix);
    return xasprintf("%s-%s", base, suffix);
}

/* A variable of that name which is there already stays. */
static void add_env(struct made_text *text, struct node *container, const char *value)
{
    struct node *env = node_get(container, "env");
    struct node *variable;

    if (!env || env->kind != NODE_LIST) {
        env = node_new(text->tree, NODE_LIST, 0, 0);
        node_set(text->tree, container, "env", env);
    }
    for (size_t i = 0; i < env->n_items; i++) {
        const char *name = node_string(env->items[i], "name");

        if (name && strcmp(name, INDEX_ENV) == 0)
            return;
    }
    variable = node_new(text->tree, NODE_MAP, 0, 0);
    made_text_set(text, variable, "name", INDEX_ENV);
    made_text_set(text, variable, "value", value);
    node_append(env, variable);
}

static void add_env_to_all(struct made_text *text, const char *list, const char *value)
{
    const struct node *containers = node_get(text->spec, list);

    for (size_t i = 0; containers && i < containers->n_items; i++)
        add_env(text, containers->items[i], value);
}

static void set_number(struct made_text *text, const char *key, int64_t number)
{
    char value[24];

    snprintf(value, sizeof(value), "%" PRId64, number);
    made_text_set(text, text->annotations, key, value);
}

static void tell_index(struct made_text *text, const char *job,
                       const struct job_start *start, bool is_by_index)
{
    cleanup(freep) char *host = name_of_index(job, start->index, NAME_MAX_HOST);
    char index[24];

    snprintf(index, sizeof(index), "%" PRId64, start->index);
    made_text_set(text, text->annotations, POD_INDEX_LABEL, index);
    made_text_set(text, text->labels, POD_INDEX_LABEL, index);
    made_text_set(text, text->spec, "hostname", host);
    add_env_to_all(text, "initContainers", index);
    add_env_to_all(text, "containers", index);
    if (!is_by_index)
        return;
    set_number(text, "batch.kubernetes.io/job-index-failure-count", start->failures);
    if (start->ignored)
        set_number(text, "batch.kubernetes.io/job-index-ignored-failure-count",
                   start->ignored);
}

char *workload_pod_text(struct ctl_object *job, const struct job_start *start,
                        const char *name, size_t *ret_len)
{
    const struct mf_object *read = objects_read(job);
    const struct mf_job_spec *spec = ((const struct mf_job *)read->object)->spec;
    const struct node *template = node_get(node_get(read->root, "spec"), "template");
    const char *const labels[][2] = {
        {"batch.kubernetes.io/job-name", job->record->name},
        {"batch.kubernetes.io/controller-uid", job->record->uid},
        {"job-name", job->record->name},
        {"controller-uid", job->record->uid},
    };
    struct made_text text;

    made_text_init(&text, "v1", "Pod", name, node_get(template, "metadata"),
                   node_get(template, "spec"));
    for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
        made_text_set(&text, text.labels, labels[i][0], labels[i][1]);
    made_text_inherit(&text, node_get(read->root, "metadata"));
    if (start->index != JOB_NO_INDEX)
        tell_index(&text, job->record->name, start,
                   spec->backoff_per_index != MF_UNSET);
    return made_text_print(&text, ret_len);
}
