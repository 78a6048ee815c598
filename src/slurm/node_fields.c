/* SPDX-License-Identifier: Apache-2.0
 *
 * node_fields.c - the fields of sinfo(1), by letter and by long name
 */
#include "slurm/node_fields.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/units.h"
#include "slurm/node_group.h"
#include "slurm/words.h"

#define PUT(name) static void put_##name(const void *p, struct strbuf *out)
#define GROUP const struct node_group *group = p

/* The same for all nodes of a line, or of the first; 'none' without any. */
#define NODE_TEXT(name, expression, none)                                \
    PUT(name)                                                            \
    {                                                                    \
        GROUP;                                                           \
        const Berth__NodeInfo *node = group->n ? group->nodes[0] : NULL; \
                                                                         \
        strbuf_puts(out, node ? (expression) : (none));                  \
    }
#define PARTITION_TEXT(name, expression) \
    PUT(name)                            \
    {                                    \
        GROUP;                           \
                                         \
        strbuf_puts(out, expression);    \
    }
#define ALWAYS(name, text)      \
    PUT(name)                   \
    {                           \
        (void)p;                \
        strbuf_puts(out, text); \
    }

/* The least of the nodes', with a plus when others have more. */
static void put_least(const struct node_group *group,
                      uint64_t (*value)(const Berth__NodeInfo *), struct strbuf *out)
{
    uint64_t least = UINT64_MAX, most = 0;

    for (size_t i = 0; i < group->n; i++) {
        uint64_t v = value(group->nodes[i]);

        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    put_number(out, group->n ? (int64_t)least : 0);
    if (group->n && least != most)
        strbuf_putc(out, '+');
}

static uint64_t cores_of(const Berth__NodeInfo *node)
{
    return node->cores;
}

static uint64_t memory_of(const Berth__NodeInfo *node)
{
    return node->memory;
}

static uint64_t sockets_of(const Berth__NodeInfo *node)
{
    return node_sockets(node);
}

static uint64_t cores_a_socket(const Berth__NodeInfo *node)
{
    return node_cores_a_socket(node);
}

static uint64_t threads_a_core(const Berth__NodeInfo *node)
{
    return node_threads_a_core(node);
}

#define LEAST(name, function)        \
    PUT(name)                        \
    {                                \
        put_least(p, function, out); \
    }
LEAST(cpus, cores_of)
LEAST(memory, memory_of)
LEAST(sockets, sockets_of)
LEAST(cores, cores_a_socket)
LEAST(threads, threads_a_core)

PUT(hardware)
{
    put_sockets(p, out);
    strbuf_putc(out, ':');
    put_cores(p, out);
    strbuf_putc(out, ':');
    put_threads(p, out);
}

/* ------------------------------------------------------------------ sums */

/* Nodes or cores by what becomes of them. */
struct sums {
    uint64_t allocated, idle, other, total;
};

static struct sums nodes_of(const struct node_group *group)
{
    struct sums sums = {.total = group->n};

    for (size_t i = 0; i < group->n; i++) {
        if (!node_is_up(group->nodes[i]) || group->nodes[i]->is_silent)
            sums.other++;
        else if (group->nodes[i]->cores_used)
            sums.allocated++;
        else
            sums.idle++;
    }
    return sums;
}

static struct sums cpus_of(const struct node_group *group)
{
    struct sums sums = {0};

    for (size_t i = 0; i < group->n; i++) {
        const Berth__NodeInfo *node = group->nodes[i];
        uint64_t rest = node->cores - node->cores_used;

        sums.allocated += node->cores_used;
        sums.total += node->cores;
        if (node_is_up(node) && !node->is_silent)
            sums.idle += rest;
        else
            sums.other += rest;
    }
    return sums;
}

static void put_sums(const struct sums *sums, struct strbuf *out)
{
    strbuf_printf(out, "%" PRIu64 "/%" PRIu64 "/%" PRIu64 "/%" PRIu64, sums->allocated,
                  sums->idle, sums->other, sums->total);
}

PUT(nodes_ai)
{
    struct sums sums = nodes_of(p);

    strbuf_printf(out, "%" PRIu64 "/%" PRIu64, sums.allocated, sums.idle);
}

PUT(nodes_aiot)
{
    struct sums sums = nodes_of(p);

    put_sums(&sums, out);
}

PUT(cpus_aiot)
{
    struct sums sums = cpus_of(p);

    put_sums(&sums, out);
}

PUT(n_nodes)
{
    GROUP;

    put_number(out, (int64_t)group->n);
}

PUT(node_list)
{
    GROUP;
    cleanup(freep) char **names = xcalloc(group->n + 1, sizeof(*names));
    cleanup(freep) char *list = NULL;

    for (size_t i = 0; i < group->n; i++)
        names[i] = group->nodes[i]->name;
    list = hostlist_compress(names);
    strbuf_puts(out, list);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* "22427-23000": from the least to the most; nodes that say nothing are left out. */
static void put_range(struct strbuf *out, double *values, size_t n, const char *fmt)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (n == 0) {
        strbuf_puts(out, "N/A");
        return;
    }
    qsort(values, n, sizeof(*values), by_value);
    strbuf_printf(out, fmt, values[0]);
    if (values[n - 1] > values[0]) {
        strbuf_putc(out, '-');
        strbuf_printf(out, fmt, values[n - 1]);
    }
#pragma GCC diagnostic pop
}

PUT(memory_free)
{
    GROUP;
    cleanup(freep) double *values = xcalloc(group->n + 1, sizeof(*values));
    size_t n = 0;

    for (size_t i = 0; i < group->n; i++)
        if (group->nodes[i]->memory_free && !group->nodes[i]->is_silent)
            values[n++] = (double)group->nodes[i]->memory_free;
    put_range(out, values, n, "%.0f");
}

PUT(load)
{
    GROUP;
    cleanup(freep) double *values = xcalloc(group->n + 1, sizeof(*values));
    size_t n = 0;

    for (size_t i = 0; i < group->n; i++)
        if (!group->nodes[i]->is_silent)
            values[n++] = group->nodes[i]->load;
    put_range(out, values, n, "%.2f");
}

/* ------------------------------------------------------------------ of nodes */

static const char *or_null(const char *text)
{
    return text[0] ? text : "(null)";
}

NODE_TEXT(features, or_null(node->features), "(null)")
NODE_TEXT(gres, or_null(node->gres), "(null)")
NODE_TEXT(host_name, node->name, "")
NODE_TEXT(address, node->address, "")
NODE_TEXT(version, node->version, "")
NODE_TEXT(reason, node_reason(node), "none")
NODE_TEXT(user, node->marked_by[0] ? node->marked_by : "Unknown", "Unknown")

PUT(state_short)
{
    GROUP;

    if (group->n)
        node_put_state(group->nodes[0], NODE_SHORT, out);
    else
        strbuf_puts(out, "n/a");
}

PUT(state_long)
{
    GROUP;

    if (group->n)
        node_put_state(group->nodes[0], NODE_LONG, out);
    else
        strbuf_puts(out, "n/a");
}

PUT(timestamp)
{
    GROUP;

    put_time(out, group->n ? group->nodes[0]->marked_at : 0, "Unknown");
}

/* ------------------------------------------------------------------ of partitions */

PARTITION_TEXT(available, group->partition->up ? "up" : "down")
PARTITION_TEXT(partition_name, group->partition->name)
PARTITION_TEXT(groups,
               group->partition->allow_groups ? group->partition->allow_groups : "all")

PUT(partition)
{
    GROUP;

    strbuf_puts(out, group->partition->name);
    if (site_is_default(group->site, group->partition))
        strbuf_putc(out, '*');
}

PUT(time_max)
{
    GROUP;

    if (group->partition->time_max == TIME_UNLIMITED)
        strbuf_puts(out, "infinite");
    else
        put_elapsed(out, group->partition->time_max);
}

PUT(time_default)
{
    GROUP;
    int64_t usual = group->partition->time_default;

    if (usual == TIME_UNLIMITED)
        strbuf_puts(out, "infinite");
    else if (usual == 0)
        strbuf_puts(out, "n/a");
    else
        put_elapsed(out, usual);
}

PUT(job_size)
{
    GROUP;

    strbuf_printf(out, "%" PRIu32 "-", group->partition->min_nodes);
    if (group->partition->max_nodes)
        put_number(out, group->partition->max_nodes);
    else
        strbuf_puts(out, "infinite");
}

PUT(max_cpus)
{
    GROUP;

    if (group->partition->max_cores_per_node)
        put_number(out, group->partition->max_cores_per_node);
    else
        strbuf_puts(out, "UNLIMITED");
}

PUT(priority)
{
    GROUP;

    put_number(out, group->partition->priority);
}

PUT(sharing)
{
    GROUP;

    switch (group->partition->oversubscribe) {
    case CONFIG_OVERSUBSCRIBE_NO:
        strbuf_puts(out, "NO");
        break;
    case CONFIG_OVERSUBSCRIBE_YES:
        strbuf_puts(out, "YES:4");
        break;
    case CONFIG_OVERSUBSCRIBE_EXCLUSIVE:
        strbuf_puts(out, "EXCLUSIVE");
        break;
    }
}

ALWAYS(no, "no")
ALWAYS(off, "OFF")
ALWAYS(zero, "0")
ALWAYS(one, "1")
ALWAYS(all, "all")
ALWAYS(cluster, "N/A")

/* clang-format off */
static const struct field fields[] = {
    {'a', "available", "AVAIL", put_available, NULL, 0, 0},
    {'A', "nodeai", "NODES(A/I)", put_nodes_ai, NULL, 0, GROUP_SUMS},
    {'b', "features_act", "ACTIVE_FEATURES", put_features, NULL, 0, 0},
    {'B', "maxcpuspernode", "MAX_CPUS_PER_NODE", put_max_cpus, NULL, 0, 0},
    {'c', "cpus", "CPUS", put_cpus, NULL, 0, GROUP_HARDWARE},
    {'C', "cpusstate", "CPUS(A/I/O/T)", put_cpus_aiot, NULL, 0, GROUP_SUMS},
    {'d', "disk", "TMP_DISK", put_zero, NULL, 0, 0},
    {'D', "nodes", "NODES", put_n_nodes, NULL, 0, GROUP_SUMS},
    {'e', "freemem", "FREE_MEM", put_memory_free, NULL, 0, GROUP_SUMS},
    {'E', "reason", "REASON", put_reason, NULL, 0, 0},
    {'f', "features", "AVAIL_FEATURES", put_features, NULL, 0, 0},
    {'F', "nodeaiot", "NODES(A/I/O/T)", put_nodes_aiot, NULL, 0, GROUP_SUMS},
    {'g', "groups", "GROUPS", put_groups, NULL, 0, 0},
    {'G', "gres", "GRES", put_gres, NULL, 0, 0},
    {'h', "oversubscribe", "OVERSUBSCRIBE", put_sharing, NULL, 0, 0},
    {'H', "timestamp", "TIMESTAMP", put_timestamp, NULL, 0, 0},
    {'I', "priorityjobfactor", "PRIO_JOB_FACTOR", put_priority, NULL, 0, 0},
    {'l', "time", "TIMELIMIT", put_time_max, NULL, 0, 0},
    {'L', "defaulttime", "DEFAULTTIME", put_time_default, NULL, 0, 0},
    {'m', "memory", "MEMORY", put_memory, NULL, 0, GROUP_HARDWARE},
    {'M', "preemptmode", "PREEMPT_MODE", put_off, NULL, 0, 0},
    {'n', "nodehost", "HOSTNAMES", put_host_name, NULL, 0, 0},
    {'N', "nodelist", "NODELIST", put_node_list, NULL, 0, GROUP_SUMS},
    {'o', "nodeaddr", "NODE_ADDR", put_address, NULL, 0, 0},
    {'O', "cpusload", "CPU_LOAD", put_load, NULL, 0, GROUP_SUMS},
    {'p', "prioritytier", "PRIO_TIER", put_priority, NULL, 0, 0},
    {'P', "partition", "PARTITION", put_partition, NULL, 0, 0},
    {'r', "root", "ROOT", put_no, NULL, 0, 0},
    {'R', "partitionname", "PARTITION", put_partition_name, NULL, 0, 0},
    {'s', "size", "JOB_SIZE", put_job_size, NULL, 0, 0},
    {'S', "allocnodes", "ALLOCNODES", put_all, NULL, 0, 0},
    {'t', "statecompact", "STATE", put_state_short, NULL, 0, 0},
    {'T', "statelong", "STATE", put_state_long, NULL, 0, 0},
    {'u', "user", "USER", put_user, NULL, 0, 0},
    {'U', "userlong", "USER", put_user, NULL, 0, 0},
    {'v', "version", "VERSION", put_version, NULL, 0, 0},
    {'V', "cluster", "CLUSTER", put_cluster, NULL, 0, 0},
    {'w', "weight", "WEIGHT", put_one, NULL, 0, 0},
    {'X', "sockets", "SOCKETS", put_sockets, NULL, 0, GROUP_HARDWARE},
    {'Y', "cores", "CORES", put_cores, NULL, 0, GROUP_HARDWARE},
    {'Z', "threads", "THREADS", put_threads, NULL, 0, GROUP_HARDWARE},
    {'z', "socketcorethread", "S:C:T", put_hardware, NULL, 0, GROUP_HARDWARE},
};
/* clang-format on */

const struct field_table group_fields = {
    .fields = fields, .n = ARRAY_SIZE(fields), .what = "node"};
