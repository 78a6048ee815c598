/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster_status.c - which parts of a cluster are alive
 */
#include "cli/cluster_status.h"

#include <jansson.h>
#include <stdio.h>

#include "base/mem.h"

static const char *life(const struct process *process)
{
    return process_is_alive(process) ? "alive" : "dead";
}

static void print_part(const char *name, const struct process *process,
                       const char *address)
{
    printf("%-12s %-8d %-6s %s\n", name, (int)process->pid, life(process), address);
}

void cluster_print_status(const struct cluster *c)
{
    cleanup(freep) char *controller = xasprintf("%s:%u", c->address, c->port);

    printf("Cluster %s in %s, %zu nodes, images in %s\n\n", c->name, c->dir, c->n_nodes,
           c->images);
    printf("%-12s %-8s %-6s %s\n", "WHAT", "PID", "STATE", "ADDRESS");
    print_part("controller", &c->controller, controller);
    print_part("munged", &c->munged, "");
    if (c->n_fake) {
        cleanup(freep) char *names = cluster_fake_names(c);

        print_part(names, &c->fake, "");
    }
    for (size_t i = 0; i < c->n_nodes; i++)
        print_part(c->nodes[i].name, &c->nodes[i].daemon, c->nodes[i].address);
}

static json_t *part_json(const struct process *process)
{
    return json_pack("{s:i, s:b}", "pid", (int)process->pid, "alive",
                     (int)process_is_alive(process));
}

static json_t *nodes_json(const struct cluster *c)
{
    json_t *nodes = json_array();

    for (size_t i = 0; i < c->n_nodes; i++) {
        const struct cluster_node *n = &c->nodes[i];
        json_t *json = part_json(&n->daemon);

        (void)json_object_set_new(json, "name", json_string(n->name));
        (void)json_object_set_new(json, "address", json_string(n->address));
        (void)json_object_set_new(json, "namespace_pid", json_integer(n->holder.pid));
        (void)json_array_append_new(nodes, json);
    }
    return nodes;
}

/* null without fake nodes. */
static json_t *fake_json(const struct cluster *c)
{
    cleanup(freep) char *names = cluster_fake_names(c);
    json_t *json = c->n_fake ? part_json(&c->fake) : json_null();

    if (c->n_fake) {
        (void)json_object_set_new(json, "names", json_string(names));
        (void)json_object_set_new(json, "count", json_integer((json_int_t)c->n_fake));
    }
    return json;
}

void cluster_print_json(const struct cluster *c)
{
    cleanup(freep) char *config = cluster_path(c, "berth.yaml");
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:i, s:o, s:o, s:o, s:o}", "name",
                  c->name, "dir", c->dir, "config", config, "images", c->images,
                  "alive", (int)cluster_is_whole(c), "address", c->address, "port",
                  (int)c->port, "controller", part_json(&c->controller), "munged",
                  part_json(&c->munged), "nodes", nodes_json(c), "fake", fake_json(c));

    (void)json_dumpf(json, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(json);
}
