/* SPDX-License-Identifier: Apache-2.0
 *
 * scontrol_node.c - scontrol show node, partition, reservation, licenses
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "slurm/load_error.h"
#include "slurm/node_json.h"
#include "slurm/node_row.h"
#include "slurm/record.h"
#include "slurm/scontrol.h"
#include "slurm/words.h"

/* ------------------------------------------------------------------ nodes */

/* "cpu=4,mem=4000M,billing=4" */
static void put_tres(struct record *r, const char *key, uint64_t cpus, uint64_t memory,
                     uint64_t nodes)
{
    struct strbuf *out = record_key(r, key);

    if (cpus == 0)
        return;
    strbuf_printf(out, "cpu=%" PRIu64 ",mem=", cpus);
    put_size(out, memory, 'M', SIZE_EXACT);
    if (nodes)
        strbuf_printf(out, ",node=%" PRIu64, nodes);
    strbuf_printf(out, ",billing=%" PRIu64, cpus);
}

static void put_partitions(struct record *r, const Berth__NodeInfo *node)
{
    struct strbuf *out = record_key(r, "Partitions");

    for (size_t i = 0; i < node->n_partitions; i++)
        strbuf_printf(out, "%s%s", i ? "," : "", node->partitions[i]);
}

static void put_hardware(struct record *r, const Berth__NodeInfo *node)
{
    record_put(r, "NodeName", "%s", node->name);
    record_put(r, "CoresPerSocket", "%" PRIu32, node_cores_a_socket(node));
    record_line(r);
    record_put(r, "CPUAlloc", "%" PRIu32, node->cores_used);
    record_put(r, "CPUEfctv", "%" PRIu32, node->cores);
    record_put(r, "CPUTot", "%" PRIu32, node->cores);
    if (node->is_silent)
        record_put(r, "CPULoad", "N/A");
    else
        record_put(r, "CPULoad", "%.2f", node->load);
    record_line(r);
    record_text(r, "AvailableFeatures", node->features);
    record_line(r);
    record_text(r, "ActiveFeatures", node->features);
    record_line(r);
    record_text(r, "Gres", node->gres);
    record_line(r);
    record_put(r, "NodeAddr", "%s", node->address);
    record_put(r, "NodeHostName", "%s", node->name);
    record_put(r, "Port", "%" PRIu32, node->port);
    record_put(r, "Version", "%s", node->version);
    record_line(r);
}

static void put_use(struct record *r, const Berth__NodeInfo *node)
{
    record_put(r, "RealMemory", "%" PRIu64, node->memory);
    record_put(r, "AllocMem", "%" PRIu64, node->memory_used);
    if (node->memory_free)
        record_put(r, "FreeMem", "%" PRIu64, node->memory_free);
    else
        record_put(r, "FreeMem", "N/A");
    record_put(r, "Sockets", "%" PRIu32, node_sockets(node));
    record_put(r, "Boards", "1");
    record_line(r);
    node_put_flags(node, record_key(r, "State"));
    record_put(r, "ThreadsPerCore", "%" PRIu32, node_threads_a_core(node));
    record_put(r, "TmpDisk", "0");
    record_put(r, "Weight", "1");
    record_put(r, "Owner", "N/A");
    record_put(r, "MCS_label", "N/A");
    record_line(r);
    put_partitions(r, node);
    record_line(r);
    put_time(record_key(r, "LastBusyTime"), node->last_seen, "Unknown");
    record_line(r);
    put_tres(r, "CfgTRES", node->cores, node->memory, 0);
    record_line(r);
    put_tres(r, "AllocTRES", node->cores_used, node->memory_used, 0);
}

static void print_node(const struct scontrol *sc, const Berth__NodeInfo *node)
{
    struct record r = {.one_line = sc->one_line};

    put_hardware(&r, node);
    put_use(&r, node);
    if (node->mark_reason[0] || node->is_silent) {
        record_line(&r);
        strbuf_puts(record_key(&r, "Reason"), node_reason(node));
        if (node->marked_by[0]) {
            strbuf_printf(&r.text, " [%s@", node->marked_by);
            put_time(&r.text, node->marked_at, "Unknown");
            strbuf_putc(&r.text, ']');
        }
    }
    record_print(&r);
}

static const Berth__NodeInfo *find_node(const struct site *site, const char *name)
{
    for (size_t i = 0; i < site->nodes->n_nodes; i++)
        if (strcmp(site->nodes->nodes[i]->name, name) == 0)
            return site->nodes->nodes[i];
    return NULL;
}

static int show_named(const struct scontrol *sc, const struct site *site,
                      char *const *names)
{
    int status = SLURM_OK;

    for (; names && *names; names++) {
        const Berth__NodeInfo *node = find_node(site, *names);

        if (node) {
            print_node(sc, node);
        } else {
            printf("Node %s not found\n", *names);
            status = SLURM_FAILED;
        }
    }
    return status;
}

int scontrol_show_node(struct scontrol *sc, const char *word, int argc, char **argv)
{
    cleanup(site_fini) struct site site = {0};
    cleanup(strv_freep) char **names = NULL;
    const char *list = argc > 0 ? argv[0] : "";
    size_t n = 0;

    (void)word;
    if (hostlist_expand(list, &names, NULL))
        strv_add(&names, list);
    /* Text names what is not there, so it is looked for among all of them. */
    if (sc->form && list[0])
        n = strv_len(names);
    if (scontrol_open(sc) || site_load(sc->berth, names, n, &site))
        return SLURM_FAILED;
    if (sc->form) {
        node_json_print(&site, sc->form);
        return SLURM_OK;
    }
    if (list[0])
        return show_named(sc, &site, names);
    for (size_t i = 0; i < site.nodes->n_nodes; i++)
        print_node(sc, site.nodes->nodes[i]);
    return SLURM_OK;
}

/* ------------------------------------------------------------------ partitions */

struct sums {
    uint64_t cores, memory, nodes;
    char *hosts;
};

static struct sums sums_of(const struct site *site, const char *partition)
{
    cleanup(freep) char **names = xcalloc(site->nodes->n_nodes + 1, sizeof(char *));
    struct sums sums = {0};

    for (size_t i = 0; i < site->nodes->n_nodes; i++) {
        const Berth__NodeInfo *node = site->nodes->nodes[i];

        if (!node_is_of(node, partition))
            continue;
        names[sums.nodes++] = node->name;
        sums.cores += node->cores;
        sums.memory += node->memory;
    }
    sums.hosts = hostlist_compress(names);
    return sums;
}

static const char *or_all(const char *text)
{
    return text && text[0] ? text : "ALL";
}

static void put_duration(struct record *r, const char *key, int64_t seconds,
                         const char *none)
{
    struct strbuf *out = record_key(r, key);

    if (seconds == TIME_UNLIMITED)
        strbuf_puts(out, "UNLIMITED");
    else if (seconds == 0)
        strbuf_puts(out, none);
    else
        put_clock(out, seconds);
}

static void put_count(struct record *r, const char *key, uint64_t n)
{
    if (n)
        record_put(r, key, "%" PRIu64, n);
    else
        record_put(r, key, "UNLIMITED");
}

static void put_access(struct record *r, const struct site *site,
                       const struct config_partition *p)
{
    record_put(r, "PartitionName", "%s", p->name);
    record_line(r);
    record_put(r, "AllowGroups", "%s", or_all(p->allow_groups));
    if (p->deny_accounts)
        record_put(r, "DenyAccounts", "%s", p->deny_accounts);
    else
        record_put(r, "AllowAccounts", "%s", or_all(p->allow_accounts));
    record_put(r, "AllowQos", "%s", or_all(p->allow_qos));
    record_line(r);
    record_put(r, "AllocNodes", "ALL");
    record_put(r, "Default", "%s", site_is_default(site, p) ? "YES" : "NO");
    record_put(r, "QoS", "%s", p->qos ? p->qos : "N/A");
    record_line(r);
}

static void put_bounds(struct record *r, const struct config_partition *p,
                       const char *hosts)
{
    put_duration(r, "DefaultTime", p->time_default, "NONE");
    record_put(r, "DisableRootJobs", "NO");
    record_put(r, "ExclusiveUser", "NO");
    record_put(r, "GraceTime", "0");
    record_put(r, "Hidden", "NO");
    record_line(r);
    put_count(r, "MaxNodes", p->max_nodes);
    put_duration(r, "MaxTime", p->time_max, "UNLIMITED");
    record_put(r, "MinNodes", "%" PRIu32, p->min_nodes);
    record_put(r, "LLN", "NO");
    put_count(r, "MaxCPUsPerNode", p->max_cores_per_node);
    record_put(r, "MaxCPUsPerSocket", "UNLIMITED");
    record_line(r);
    record_put(r, "Nodes", "%s", hosts);
    record_line(r);
}

static const char *sharing_of(const struct config_partition *p)
{
    switch (p->oversubscribe) {
    case CONFIG_OVERSUBSCRIBE_NO:
        return "NO";
    case CONFIG_OVERSUBSCRIBE_YES:
        return "YES:4";
    case CONFIG_OVERSUBSCRIBE_EXCLUSIVE:
        return "EXCLUSIVE";
    }
    return "NO";
}

static void print_partition(const struct scontrol *sc, const struct site *site,
                            const struct config_partition *p)
{
    struct record r = {.one_line = sc->one_line};
    struct sums sums = sums_of(site, p->name);

    put_access(&r, site, p);
    put_bounds(&r, p, sums.hosts);
    record_put(&r, "PriorityJobFactor", "%" PRIu32, p->priority);
    record_put(&r, "PriorityTier", "%" PRIu32, p->priority);
    record_put(&r, "RootOnly", "NO");
    record_put(&r, "ReqResv", "NO");
    record_put(&r, "OverSubscribe", "%s", sharing_of(p));
    record_line(&r);
    record_put(&r, "OverTimeLimit", "NONE");
    record_put(&r, "PreemptMode", "OFF");
    record_line(&r);
    record_put(&r, "State", "%s", p->up ? "UP" : "DOWN");
    record_put(&r, "TotalCPUs", "%" PRIu64, sums.cores);
    record_put(&r, "TotalNodes", "%" PRIu64, sums.nodes);
    record_put(&r, "SelectTypeParameters", "NONE");
    record_line(&r);
    record_text(&r, "JobDefaults", NULL);
    record_line(&r);
    if (p->mem_per_cpu)
        record_put(&r, "DefMemPerCPU", "%" PRIu64, p->mem_per_cpu);
    else
        record_put(&r, "DefMemPerNode", "UNLIMITED");
    record_put(&r, "MaxMemPerNode", "UNLIMITED");
    record_line(&r);
    put_tres(&r, "TRES", sums.cores, sums.memory, sums.nodes);
    record_print(&r);
    free(sums.hosts);
}

int scontrol_show_partition(struct scontrol *sc, const char *word, int argc,
                            char **argv)
{
    cleanup(site_fini) struct site site = {0};
    const struct config_partition *p;

    (void)word;
    if (scontrol_open(sc) || site_load(sc->berth, NULL, 0, &site))
        return SLURM_FAILED;
    for (size_t i = 0; argc == 0 && i < site.config->n_partitions; i++)
        print_partition(sc, &site, &site.config->partitions[i]);
    if (argc == 0)
        return SLURM_OK;
    p = site_partition(&site, argv[0]);
    if (!p) {
        printf("Partition %s not found\n", argv[0]);
        return SLURM_FAILED;
    }
    print_partition(sc, &site, p);
    return SLURM_OK;
}

/* ------------------------------------------------------------------ reservations */

static void put_words(struct record *r, const char *key, char *const *words, size_t n)
{
    struct strbuf *out = record_key(r, key);

    for (size_t i = 0; i < n; i++)
        strbuf_printf(out, "%s%s", i ? "," : "", words[i]);
    if (n == 0)
        strbuf_puts(out, "(null)");
}

static void print_reservation(const struct scontrol *sc,
                              const Berth__ReservationInfo *info)
{
    const Berth__ReservationRecord *record = info->record;
    struct record r = {.one_line = sc->one_line};
    struct strbuf *flags;

    record_put(&r, "ReservationName", "%s", record->name);
    put_time(record_key(&r, "StartTime"), info->start, "Unknown");
    put_time(record_key(&r, "EndTime"), info->end, "Unknown");
    put_clock(record_key(&r, "Duration"), info->end - info->start);
    record_line(&r);
    record_put(&r, "Nodes", "%s", record->nodes);
    record_put(&r, "NodeCnt", "%" PRIu32, info->n_nodes);
    record_text(&r, "Features", NULL);
    record_text(&r, "PartitionName", NULL);
    flags = record_key(&r, "Flags");
    strbuf_puts(flags, record->maintenance ? "MAINT,SPEC_NODES" : "SPEC_NODES");
    if (record->flexible)
        strbuf_puts(flags, ",FLEX");
    record_line(&r);
    put_words(&r, "Users", record->users, record->n_users);
    put_words(&r, "Accounts", record->accounts, record->n_accounts);
    record_text(&r, "Licenses", NULL);
    record_put(&r, "State", "%s",
               strcmp(info->state, "ACTIVE") == 0 ? "ACTIVE" : "INACTIVE");
    record_print(&r);
}

int scontrol_show_reservation(struct scontrol *sc, const char *word, int argc,
                              char **argv)
{
    cleanup(reply_freep) Berth__ReservationList *list = NULL;
    Berth__ReservationQuery query = BERTH__RESERVATION_QUERY__INIT;
    struct berth_err err;
    size_t n = 0;

    (void)word;
    if (scontrol_open(sc))
        return SLURM_FAILED;
    if (berth_reservations(sc->berth, &query, &list, &err) < 0)
        return load_error("slurm_load_reservations", &err);
    for (size_t i = 0; i < list->n_reservations; i++) {
        if (argc > 0 && strcmp(list->reservations[i]->record->name, argv[0]) != 0)
            continue;
        print_reservation(sc, list->reservations[i]);
        n++;
    }
    if (n)
        return SLURM_OK;
    if (argc > 0)
        printf("Reservation %s not found\n", argv[0]);
    else
        printf("No reservations in the system\n");
    return argc > 0 ? SLURM_FAILED : SLURM_OK;
}

int scontrol_show_licenses(struct scontrol *sc, const char *word, int argc, char **argv)
{
    cleanup(site_fini) struct site site = {0};
    cleanup(strv_freep) char **words = NULL;

    (void)word;
    (void)argc;
    (void)argv;
    if (scontrol_open(sc) || site_load(sc->berth, NULL, 0, &site))
        return SLURM_FAILED;
    words = site.config->licences ? strv_split(site.config->licences, ", ") : NULL;
    if (!words)
        printf("No licenses configured in Slurm.\n");
    strv_foreach (item, words) {
        struct record r = {.one_line = sc->one_line};
        size_t len = strcspn(*item, ":");

        record_put(&r, "LicenseName", "%.*s", (int)len, *item);
        record_line(&r);
        record_put(&r, "Total", "%s", (*item)[len] ? *item + len + 1 : "1");
        record_put(&r, "Remote", "no");
        record_print(&r);
    }
    return SLURM_OK;
}
