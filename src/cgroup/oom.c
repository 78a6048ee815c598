/* SPDX-License-Identifier: Apache-2.0
 *
 * oom.c - words on what used the memory (pure)
 */
#include "cgroup/oom.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"

static void add_amount(struct strbuf *sb, const char *before, uint64_t bytes,
                       const char *what)
{
    cleanup(freep) char *size = size_format(bytes >> 20 << 20);

    strbuf_printf(sb, "%s%s %s", before, size, what);
}

/* When it happened, the memory was full: what is missing now is what they had. */
static uint64_t of_processes(const struct berth_cgroup_usage *usage)
{
    uint64_t rest = usage->shmem + usage->file;

    if (usage->memory_limit > rest)
        return usage->memory_limit - rest;
    return usage->anon;
}

char *oom_words(const struct berth_cgroup_usage *usage, const char *who, uint64_t n,
                uint64_t rss)
{
    struct strbuf sb = STRBUF_INIT;

    strbuf_printf(&sb, "out of memory: %s was killed", who);
    if (n > 1)
        strbuf_printf(&sb, " with %" PRIu64 " other process%s", n - 1,
                      n > 2 ? "es" : "");
    if (usage->memory_limit) {
        add_amount(&sb, " at the limit of ", usage->memory_limit, "(--mem)");
        add_amount(&sb, ", of which processes had about ", of_processes(usage), "");
        strbuf_cut(&sb, sb.len - 1);
        add_amount(&sb, ", files in /tmp and /dev/shm ", usage->shmem, "");
        strbuf_cut(&sb, sb.len - 1);
        add_amount(&sb, ", cached files ", usage->file, "");
        strbuf_cut(&sb, sb.len - 1);
    }
    if (rss >> 20)
        add_amount(&sb, "; its largest process had ", rss, "");
    else
        return strbuf_take(&sb);
    strbuf_cut(&sb, sb.len - 1);
    return strbuf_take(&sb);
}
