/* SPDX-License-Identifier: Apache-2.0
 *
 * defaults.c - defaults that follow from other fields
 */
#include "objects/kinds.h"

#include <string.h>

static void set_text(struct node_tree *tree, struct node *map, const char *key,
                     const char *text)
{
    if (!node_get(map, key))
        node_set(tree, map, key, node_new_text(tree, NODE_STRING, text, strlen(text)));
}

/* "debian", "debian:latest": what it names may be another image tomorrow. */
static bool is_latest(const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *tag = strchr(slash ? slash : image, ':');

    return !strchr(image, '@') && (!tag || strcmp(tag, ":latest") == 0);
}

/* What has a limit and no request asks for all of the limit. */
static void fill_requests(struct node_tree *tree, struct node *container)
{
    struct node *resources = node_get(container, "resources");
    struct node *limits = node_get(resources, "limits");
    struct node *requests = node_get(resources, "requests");

    if (!limits || limits->kind != NODE_MAP || !limits->n_items)
        return;
    if (!requests || requests->kind != NODE_MAP) {
        requests = node_new(tree, NODE_MAP, 0, 0);
        if (!requests)
            return;
        node_set(tree, resources, "requests", requests);
    }
    for (size_t i = 0; i < limits->n_items; i += 2) {
        struct node *copy;

        if (node_get(requests, limits->items[i]->text))
            continue;
        copy = node_copy(tree, limits->items[i + 1]);
        if (!copy)
            return;
        node_set(tree, requests, limits->items[i]->text, copy);
    }
}

static void fill_host_ports(struct node_tree *tree, const struct node *container)
{
    const struct node *ports = node_get(container, "ports");

    for (size_t i = 0; ports && i < ports->n_items; i++) {
        struct node *port = ports->items[i];
        const struct node *number = node_get(port, "containerPort");
        const struct node *host = node_get(port, "hostPort");

        if (number && (!host || host->number == 0))
            node_set(tree, port, "hostPort", node_new_int(tree, number->number));
    }
}

static void fill_containers(struct node_tree *tree, const struct node *spec,
                            const char *key)
{
    const struct node *list = node_get(spec, key);
    const struct node *network = node_get(spec, "hostNetwork");

    for (size_t i = 0; list && i < list->n_items; i++) {
        struct node *container = list->items[i];
        const char *image = node_string(container, "image");

        if (image)
            set_text(tree, container, "imagePullPolicy",
                     is_latest(image) ? "Always" : "IfNotPresent");
        fill_requests(tree, container);
        if (network && network->truth)
            fill_host_ports(tree, container);
    }
}

static void fill_volumes(struct node_tree *tree, const struct node *spec)
{
    const struct node *volumes = node_get(spec, "volumes");

    for (size_t i = 0; volumes && i < volumes->n_items; i++) {
        struct node *volume = volumes->items[i], *empty;

        if (volume->n_items != 2 || !(empty = node_new(tree, NODE_MAP, 0, 0)))
            continue;
        node_set(tree, volume, "emptyDir", empty);
    }
}

static void fill_pod_spec(struct node_tree *tree, const struct node *spec)
{
    fill_volumes(tree, spec);
    fill_containers(tree, spec, "initContainers");
    fill_containers(tree, spec, "containers");
}

void defaults_pod(struct node_tree *tree, struct node *root)
{
    fill_pod_spec(tree, node_get(root, "spec"));
}

static void fill_job_spec(struct node_tree *tree, struct node *spec)
{
    bool is_work_queue = node_get(spec, "parallelism");

    if (!node_get(spec, "completions") && !is_work_queue)
        node_set(tree, spec, "completions", node_new_int(tree, 1));
    if (!node_get(spec, "backoffLimit"))
        node_set(
            tree, spec, "backoffLimit",
            node_new_int(tree, node_get(spec, "backoffLimitPerIndex") ? INT32_MAX : 6));
    set_text(tree, spec, "podReplacementPolicy",
             node_get(spec, "podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
    fill_pod_spec(tree, node_get(node_get(spec, "template"), "spec"));
}

void defaults_job(struct node_tree *tree, struct node *root)
{
    fill_job_spec(tree, node_get(root, "spec"));
}

void defaults_cron_job(struct node_tree *tree, struct node *root)
{
    const struct node *spec = node_get(root, "spec");

    fill_job_spec(tree, node_get(node_get(spec, "jobTemplate"), "spec"));
}

/* Each pod of a StatefulSet gets a volume for each of its claims, named alike. */
static void fill_claims(struct node_tree *tree, const struct node *claims,
                        struct node *spec)
{
    struct node *volumes = node_get(spec, "volumes");

    if (!claims || claims->kind != NODE_LIST || !spec)
        return;
    if (!volumes) {
        volumes = node_new(tree, NODE_LIST, 0, 0);
        if (!volumes)
            return;
        node_set(tree, spec, "volumes", volumes);
    }
    for (size_t i = 0; i < claims->n_items; i++) {
        const char *name = node_string(node_get(claims->items[i], "metadata"), "name");
        struct node *volume = node_new(tree, NODE_MAP, 0, 0);
        struct node *source = node_new(tree, NODE_MAP, 0, 0);

        if (!name || !volume || !source)
            return;
        set_text(tree, source, "claimName", name);
        set_text(tree, volume, "name", name);
        node_set(tree, volume, "persistentVolumeClaim", source);
        node_append(volumes, volume);
    }
}

void defaults_workload(struct node_tree *tree, struct node *root)
{
    const struct node *spec = node_get(root, "spec");
    struct node *pod = node_get(node_get(spec, "template"), "spec");

    fill_claims(tree, node_get(spec, "volumeClaimTemplates"), pod);
    fill_pod_spec(tree, pod);
}
