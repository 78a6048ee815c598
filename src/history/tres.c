/* SPDX-License-Identifier: Apache-2.0
 *
 * tres.c - count what was asked for, and write it down
 */
#include "history/tres.h"

#include "base/strbuf.h"
#include "spec/gres_spec.h"

#include <stdbool.h>

static void add_memory(struct strbuf *sb, uint64_t mib)
{
    if (mib % 1024 == 0)
        strbuf_printf(sb, ",mem=%lluG", (unsigned long long)(mib / 1024));
    else
        strbuf_printf(sb, ",mem=%lluM", (unsigned long long)mib);
}

char *tres_format(const struct tres_counts *counts)
{
    struct strbuf sb = STRBUF_INIT;

    strbuf_puts(&sb, "");
    if (counts->cpus == 0)
        return strbuf_take(&sb);
    strbuf_printf(&sb, "cpu=%u", counts->cpus);
    if (counts->memory)
        add_memory(&sb, counts->memory);
    if (counts->nodes)
        strbuf_printf(&sb, ",node=%u", counts->nodes);
    strbuf_printf(&sb, ",billing=%u", counts->cpus);
    if (counts->gpus)
        strbuf_printf(&sb, ",gres/gpu=%u", counts->gpus);
    return strbuf_take(&sb);
}

static uint32_t gpus_in(const char *text, bool is_gres)
{
    struct gres_spec spec = {0};
    uint32_t count = 0;
    int rc;

    if (!*text)
        return 0;
    rc = is_gres ? gres_spec_parse(text, &spec, NULL)
                 : gres_spec_parse_gpus(text, &spec, NULL);
    if (rc == 0)
        count = (uint32_t)gres_spec_count(&spec, "gpu");
    gres_spec_fini(&spec);
    return count;
}

static uint32_t gpus_asked(const Berth__JobSpec *spec, uint32_t nodes, uint32_t tasks)
{
    if (spec->gpus[0])
        return gpus_in(spec->gpus, false);
    if (spec->gpus_per_node[0])
        return nodes * gpus_in(spec->gpus_per_node, false);
    if (spec->gpus_per_task[0])
        return tasks * gpus_in(spec->gpus_per_task, false);
    return nodes * gpus_in(spec->gres, true);
}

struct tres_counts tres_asked(const Berth__JobSpec *spec)
{
    struct tres_counts counts = {.nodes = spec->nodes_min ? spec->nodes_min : 1};
    uint32_t tasks = spec->tasks;

    if (!tasks)
        tasks = counts.nodes * (spec->tasks_per_node ? spec->tasks_per_node : 1);
    counts.cpus = tasks * (spec->cpus_per_task ? spec->cpus_per_task : 1);
    counts.gpus = gpus_asked(spec, counts.nodes, tasks);
    if (spec->mem_per_node)
        counts.memory = spec->mem_per_node * counts.nodes;
    else if (spec->mem_per_cpu)
        counts.memory = spec->mem_per_cpu * counts.cpus;
    else
        counts.memory = spec->mem_per_gpu * counts.gpus;
    return counts;
}
