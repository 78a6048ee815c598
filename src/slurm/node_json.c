/* SPDX-License-Identifier: Apache-2.0
 *
 * node_json.c - nodes in Slurm's JSON
 */
#include "slurm/node_json.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

static void set(json_t *doc, const char *name, json_t *value)
{
    json_object_set_new(doc, name, value);
}

/* ["IDLE", "DRAIN"] */
static json_t *state_of(const Berth__NodeInfo *node)
{
    struct strbuf text = STRBUF_INIT;
    json_t *list = json_array();

    node_put_flags(node, &text);
    for (const char *p = text.s; *p;) {
        size_t len = strcspn(p, "+");

        json_array_append_new(list, json_stringn(p, len));
        p += len + (p[len] == '+');
    }
    strbuf_fini(&text);
    return list;
}

static json_t *partitions_of(const Berth__NodeInfo *node)
{
    json_t *list = json_array();

    for (size_t i = 0; i < node->n_partitions; i++)
        json_array_append_new(list, json_text(node->partitions[i]));
    return list;
}

static json_t *node_json(const Berth__NodeInfo *node)
{
    json_t *doc = json_object();

    set(doc, "name", json_text(node->name));
    set(doc, "hostname", json_text(node->name));
    set(doc, "address", json_text(node->address));
    set(doc, "port", json_integer(node->port));
    set(doc, "state", state_of(node));
    set(doc, "partitions", partitions_of(node));
    set(doc, "cpus", json_integer(node->cores));
    set(doc, "effective_cpus", json_integer(node->cores));
    set(doc, "alloc_cpus", json_integer(node->cores_used));
    set(doc, "alloc_idle_cpus", json_integer(node->cores - node->cores_used));
    set(doc, "boards", json_integer(1));
    set(doc, "sockets", json_integer(node_sockets(node)));
    set(doc, "cores", json_integer(node_cores_a_socket(node)));
    set(doc, "threads", json_integer(node_threads_a_core(node)));
    set(doc, "real_memory", json_integer((json_int_t)node->memory));
    set(doc, "alloc_memory", json_integer((json_int_t)node->memory_used));
    set(doc, "free_mem", json_number_if((int64_t)node->memory_free));
    set(doc, "cpu_load", json_integer((json_int_t)(node->load * 100)));
    set(doc, "gres", json_text(node->gres));
    set(doc, "reason", json_text(node->mark_reason));
    set(doc, "reason_set_by_user", json_text(node->marked_by));
    set(doc, "reason_changed_at", json_number_if(node->marked_at));
    set(doc, "version", json_text(node->version));
    set(doc, "weight", json_integer(1));
    return doc;
}

void node_json_print(const struct site *site, enum json_form form)
{
    json_t *nodes = json_array();

    for (size_t i = 0; i < site->nodes->n_nodes; i++)
        json_array_append_new(nodes, node_json(site->nodes->nodes[i]));
    json_print_framed("nodes", nodes, site->config->cluster, form);
}
