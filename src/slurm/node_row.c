/* SPDX-License-Identifier: Apache-2.0
 *
 * node_row.c - nodes and partitions as Slurm's commands speak of them
 */
#include "slurm/node_row.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "slurm/load_error.h"
#include "cli/say.h"
#include "slurm/slurm.h"

/* ------------------------------------------------------------------ states */

/* What the controller calls it, and what Slurm does. */
static const struct {
    const char *ours, *brief, *full;
} states[] = {
    {"IDLE", "idle", "idle"},
    {"MIXED", "mix", "mixed"},
    {"ALLOCATED", "alloc", "allocated"},
    {"DOWN", "down", "down"},
    {"UNKNOWN", "unk", "unknown"},
    {"DRAINING", "drng", "draining"},
    {"DRAINED", "drain", "drained"},
};

static size_t find(const char *state)
{
    for (size_t i = 0; i < ARRAY_SIZE(states); i++)
        if (strcmp(states[i].ours, state) == 0)
            return i;
    return ARRAY_SIZE(states) - 1;
}

void node_put_state(const Berth__NodeInfo *node, enum node_form form,
                    struct strbuf *out)
{
    size_t i = find(node->state);

    strbuf_puts(out, form == NODE_SHORT ? states[i].brief : states[i].full);
    if (node->is_silent)
        strbuf_putc(out, '*');
}

const char *node_base(const Berth__NodeInfo *node)
{
    if (strcmp(node->state, "DRAINING") == 0 || strcmp(node->state, "DRAINED") == 0) {
        if (node->cores_used == 0)
            return "idle";
        return node->cores_used < node->cores ? "mixed" : "allocated";
    }
    return states[find(node->state)].full;
}

static void put_upper(const char *text, struct strbuf *out)
{
    for (; *text; text++)
        strbuf_putc(out,
                    *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text);
}

void node_put_flags(const Berth__NodeInfo *node, struct strbuf *out)
{
    put_upper(node_base(node), out);
    if (strncmp(node->state, "DRAIN", 5) == 0)
        strbuf_puts(out, "+DRAIN");
    if (node->is_silent)
        strbuf_puts(out, "+NOT_RESPONDING");
}

bool node_state_exists(const char *word)
{
    static const char *const others[] = {
        "all",        "drain",      "fail",     "failing", "future",     "maint",
        "no_respond", "npc",        "perfctrs", "planned", "power_down", "power_up",
        "resv",       "reserved",   "reboot",   "err",     "error",      "alloc",
        "comp",       "completing", "failg",    "blocked"};

    for (size_t i = 0; i < ARRAY_SIZE(states); i++)
        if (strcasecmp(word, states[i].brief) == 0 ||
            strcasecmp(word, states[i].full) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (strcasecmp(word, others[i]) == 0)
            return true;
    return false;
}

/* "drain" is both of those that are drained and of those on the way. */
bool node_is_in(const Berth__NodeInfo *node, const char *word)
{
    size_t i = find(node->state);

    if (strcasecmp(word, "all") == 0)
        return true;
    if (strcasecmp(word, "no_respond") == 0)
        return node->is_silent;
    if (strcasecmp(word, "drain") == 0)
        return strncmp(node->state, "DRAIN", 5) == 0;
    return strcasecmp(word, states[i].brief) == 0 ||
           strcasecmp(word, states[i].full) == 0;
}

const char *node_reason(const Berth__NodeInfo *node)
{
    if (node->mark_reason[0])
        return node->mark_reason;
    return node->is_silent && node->reason[0] ? node->reason : "none";
}

bool node_is_up(const Berth__NodeInfo *node)
{
    return strcmp(node->state, "IDLE") == 0 || strcmp(node->state, "MIXED") == 0 ||
           strcmp(node->state, "ALLOCATED") == 0;
}

uint32_t node_sockets(const Berth__NodeInfo *node)
{
    return node->packages ? node->packages : 1;
}

uint32_t node_cores_a_socket(const Berth__NodeInfo *node)
{
    uint32_t cores = node->cores / node_sockets(node);

    return cores ? cores : 1;
}

uint32_t node_threads_a_core(const Berth__NodeInfo *node)
{
    return node->cores && node->threads > node->cores ? node->threads / node->cores : 1;
}

/* ------------------------------------------------------------------ the site */

bool node_is_of(const Berth__NodeInfo *node, const char *partition)
{
    for (size_t i = 0; i < node->n_partitions; i++)
        if (strcmp(node->partitions[i], partition) == 0)
            return true;
    return false;
}

const struct config_partition *site_partition(const struct site *site, const char *name)
{
    for (size_t i = 0; i < site->config->n_partitions; i++)
        if (strcmp(site->config->partitions[i].name, name) == 0)
            return &site->config->partitions[i];
    return NULL;
}

bool site_is_default(const struct site *site, const struct config_partition *p)
{
    for (size_t i = 0; i < site->config->n_partitions; i++)
        if (site->config->partitions[i].is_default)
            return p == &site->config->partitions[i];
    return p == &site->config->partitions[0];
}

static int load_config(struct config **ret)
{
    cleanup(freep) char *path = NULL;
    struct err err;
    int rc = config_find(NULL, &path, &err);

    if (rc == 0)
        rc = config_load_settings(path, ret, &err);
    if (rc)
        say_error("%s", err.text);
    return rc;
}

int site_load(struct berth *berth, char **names, size_t n, struct site *ret)
{
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    struct berth_err err;
    int rc = load_config(&ret->config);

    if (rc)
        return rc;
    query.names = names;
    query.n_names = n;
    rc = berth_nodes(berth, &query, &ret->nodes, &err);
    if (rc)
        (void)load_error("slurm_load_node", &err);
    return rc;
}

void site_fini(struct site *site)
{
    config_free(site->config);
    berth_free(site->nodes);
    *site = (struct site){0};
}
