/* SPDX-License-Identifier: Apache-2.0
 *
 * state.c - cluster.json, the record of what a cluster consists of
 */
#include "cluster/cluster.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"

#define STATE_FILE "cluster.json"
#define STATE_MAX (1 << 20)

struct cluster *cluster_create(const char *name, const char *dir, const char *data,
                               size_t n_nodes)
{
    struct cluster *c = xcalloc(1, sizeof(*c));

    c->name = xstrdup(name);
    c->dir = xstrdup(dir);
    c->data = xstrdup(data);
    c->nodes = xcalloc(n_nodes, sizeof(*c->nodes));
    c->n_nodes = n_nodes;
    c->claim = -1;
    for (size_t i = 0; i < n_nodes; i++)
        (void)snprintf(c->nodes[i].name, sizeof(c->nodes[i].name), "n%zu", i + 1);
    return c;
}

void cluster_destroy(struct cluster *c)
{
    if (!c)
        return;
    free(c->name);
    free(c->dir);
    free(c->data);
    free(c->images);
    free(c->nodes);
    free(c->fake_runtime);
    closep(&c->claim);
    free(c);
}

void cluster_destroyp(struct cluster **cluster)
{
    cluster_destroy(*cluster);
    *cluster = NULL;
}

static json_t *process_to_json(const struct process *p)
{
    return json_pack("{s:i, s:I}", "pid", (int)p->pid, "start", (json_int_t)p->start);
}

static json_t *nodes_to_json(const struct cluster *c)
{
    json_t *nodes = json_array();

    for (size_t i = 0; i < c->n_nodes; i++) {
        const struct cluster_node *n = &c->nodes[i];

        (void)json_array_append_new(
            nodes,
            json_pack("{s:s, s:s, s:o, s:o, s:I}", "name", n->name, "address",
                      n->address, "holder", process_to_json(&n->holder), "daemon",
                      process_to_json(&n->daemon), "net_ns", (json_int_t)n->net_ns));
    }
    return nodes;
}

int cluster_save(const struct cluster *c, struct err *err)
{
    cleanup(freep) char *path = cluster_path(c, STATE_FILE);
    cleanup(freep) char *text = NULL;
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:b, s:I, s:s, s:s, s:s, s:i, s:I, s:o, s:o, s:o, s:o, "
        "s:I, s:s*, s:o}",
        "name", c->name, "dir", c->dir, "data", c->data, "images", c->images,
        "own_images", (int)c->own_images, "uid", (json_int_t)c->uid, "bridge",
        c->bridge, "subnet", c->subnet, "address", c->address, "port", (int)c->port,
        "user_ns", (json_int_t)c->user_ns, "head", process_to_json(&c->head), "munged",
        process_to_json(&c->munged), "controller", process_to_json(&c->controller),
        "nodes", nodes_to_json(c), "n_fake", (json_int_t)c->n_fake, "fake_runtime",
        c->fake_runtime, "fake", process_to_json(&c->fake));

    if (json)
        text = json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    if (!text)
        return err_set(err, EINVAL, "%s: a path is not valid UTF-8", path);
    return io_write_file_atomic(path, text, strlen(text), 0644, err);
}

static struct process process_from_json(json_t *json)
{
    struct process p = {.pid = 0};
    json_int_t start = 0;
    int pid = 0;

    if (json_unpack(json, "{s:i, s:I}", "pid", &pid, "start", &start) == 0) {
        p.pid = pid;
        p.start = (uint64_t)start;
    }
    return p;
}

static int node_from_json(json_t *json, struct cluster_node *n)
{
    const char *name, *address;
    json_t *holder, *daemon;
    json_int_t net_ns;

    if (json_unpack(json, "{s:s, s:s, s:o, s:o, s:I}", "name", &name, "address",
                    &address, "holder", &holder, "daemon", &daemon, "net_ns",
                    &net_ns) < 0)
        return -EINVAL;
    (void)snprintf(n->name, sizeof(n->name), "%s", name);
    (void)snprintf(n->address, sizeof(n->address), "%s", address);
    n->holder = process_from_json(holder);
    n->daemon = process_from_json(daemon);
    n->net_ns = (uint64_t)net_ns;
    return 0;
}

/* Absent in what an older berth has written. */
static void fake_from_json(json_t *json, struct cluster *c)
{
    const char *runtime = json_string_value(json_object_get(json, "fake_runtime"));

    c->n_fake = (size_t)json_integer_value(json_object_get(json, "n_fake"));
    c->fake_runtime = runtime ? xstrdup(runtime) : NULL;
    c->fake = process_from_json(json_object_get(json, "fake"));
}

static int cluster_from_json(json_t *json, struct cluster **ret)
{
    const char *name, *dir, *data, *images, *bridge, *subnet, *address;
    json_t *head, *munged, *controller, *nodes;
    cleanup(cluster_destroyp) struct cluster *c = NULL;
    json_int_t uid, user_ns;
    int own_images, port;

    if (json_unpack(json,
                    "{s:s, s:s, s:s, s:s, s:b, s:I, s:s, s:s, s:s, s:i, s:I, s:o, s:o, "
                    "s:o, s:o}",
                    "name", &name, "dir", &dir, "data", &data, "images", &images,
                    "own_images", &own_images, "uid", &uid, "bridge", &bridge, "subnet",
                    &subnet, "address", &address, "port", &port, "user_ns", &user_ns,
                    "head", &head, "munged", &munged, "controller", &controller,
                    "nodes", &nodes) < 0)
        return -EINVAL;
    c = cluster_create(name, dir, data, json_array_size(nodes));
    c->images = xstrdup(images);
    c->own_images = own_images;
    c->uid = (uid_t)uid;
    (void)snprintf(c->bridge, sizeof(c->bridge), "%s", bridge);
    (void)snprintf(c->subnet, sizeof(c->subnet), "%s", subnet);
    (void)snprintf(c->address, sizeof(c->address), "%s", address);
    c->port = (uint16_t)port;
    c->user_ns = (uint64_t)user_ns;
    c->head = process_from_json(head);
    c->munged = process_from_json(munged);
    c->controller = process_from_json(controller);
    fake_from_json(json, c);
    for (size_t i = 0; i < c->n_nodes; i++)
        if (node_from_json(json_array_get(nodes, i), &c->nodes[i]) < 0)
            return -EINVAL;
    *ret = take(c);
    return 0;
}

int cluster_load(const char *dir, struct cluster **ret, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/" STATE_FILE, dir);
    cleanup(freep) char *text = NULL;
    json_t *json;
    size_t len;
    int rc = io_read_file(path, STATE_MAX, &text, &len, err);

    if (rc < 0)
        return rc;
    json = json_loadb(text, len, 0, NULL);
    rc = json ? cluster_from_json(json, ret) : -EINVAL;
    json_decref(json);
    return rc < 0 ? err_set(err, -rc, "%s is damaged", path) : 0;
}

bool cluster_is_alive(const struct cluster *c)
{
    if (process_is_alive(&c->head) || process_is_alive(&c->munged) ||
        process_is_alive(&c->controller) || process_is_alive(&c->fake))
        return true;
    for (size_t i = 0; i < c->n_nodes; i++)
        if (process_is_alive(&c->nodes[i].holder) ||
            process_is_alive(&c->nodes[i].daemon))
            return true;
    return false;
}

bool cluster_is_whole(const struct cluster *c)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        if (!process_is_alive(&c->nodes[i].daemon))
            return false;
    if (c->n_fake && !process_is_alive(&c->fake))
        return false;
    return process_is_alive(&c->controller) && process_is_alive(&c->munged);
}
