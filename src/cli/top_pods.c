/* SPDX-License-Identifier: Apache-2.0
 *
 * top_pods.c - what running pods use now
 *
 * Nodes say how much each pod, and each of its containers, has used so far: processors
 * are what two answers differ by.
 */
#include "cli/top_pods.h"

#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/object_names.h"
#include "cli/table.h"

struct row {
    const Berth__ObjectRecord *pod;
    char container[64]; /* "": all of the pod */
    uint64_t cpu_usec, memory;
    int64_t usec; /* the node's clock */
    double milli; /* thousandths of a core, since the look before; < 0: not known */
};

struct look {
    struct row *rows;
    size_t n;
};

static void look_fini(struct look *look)
{
    free(look->rows);
}

static void add(struct look *look, const Berth__ObjectRecord *pod,
                const char *container, const Berth__Usage *usage, int64_t usec)
{
    struct row row = {.pod = pod, .usec = usec, .milli = -1};

    if (!usage)
        return;
    (void)snprintf(row.container, sizeof(row.container), "%s", container);
    row.cpu_usec = usage->user_usec + usage->system_usec;
    row.memory = usage->memory;
    look->rows = xrealloc(look->rows, look->n + 1, sizeof(*look->rows));
    look->rows[look->n++] = row;
}

static const Berth__ObjectRecord *pod_of(const Berth__ObjectList *pods, uint32_t job)
{
    for (size_t i = 0; i < pods->n_objects; i++)
        if (pods->objects[i]->job_id == job)
            return pods->objects[i];
    return NULL;
}

static void take_answer(struct look *look, const Berth__ObjectList *pods,
                        const Berth__UsageList *answer, bool by_container)
{
    for (size_t i = 0; i < answer->n_jobs; i++) {
        const Berth__JobUsage *job = answer->jobs[i];
        const Berth__ObjectRecord *pod = pod_of(pods, job->job_id);

        if (!pod)
            continue;
        if (!by_container)
            add(look, pod, "", job->total, answer->usec);
        for (size_t s = 0; by_container && s < job->n_steps; s++)
            if (job->steps[s]->container[0])
                add(look, pod, job->steps[s]->container, job->steps[s]->usage,
                    answer->usec);
    }
}

static bool is_there(const Berth__ObjectList *pods, const char *node)
{
    for (size_t i = 0; i < pods->n_objects; i++)
        if (pods->objects[i]->pod && strcmp(pods->objects[i]->pod->node, node) == 0)
            return true;
    return false;
}

static int ask_nodes(struct berth *berth, const Berth__ObjectList *pods,
                     bool by_container, struct look *ret, struct berth_err *err)
{
    cleanup(reply_freep) Berth__NodeList *nodes = NULL;
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    cleanup(freep) uint32_t *ids = xcalloc(pods->n_objects + 1, sizeof(*ids));
    int rc = berth_nodes(berth, &query, &nodes, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < pods->n_objects; i++)
        ids[i] = pods->objects[i]->job_id;
    for (size_t i = 0; i < nodes->n_nodes; i++) {
        cleanup(reply_freep) Berth__UsageList *answer = NULL;
        Berth__UsageQuery wanted = BERTH__USAGE_QUERY__INIT;
        const Berth__NodeInfo *node = nodes->nodes[i];
        struct berth_err trouble;

        if (!is_there(pods, node->name))
            continue;
        wanted.jobs = ids;
        wanted.n_jobs = pods->n_objects;
        if (berth_usage(berth, node->address, (uint16_t)node->port, &wanted, &answer,
                        &trouble) < 0)
            say_warning("node %s: %s", node->name, trouble.text);
        else
            take_answer(ret, pods, answer, by_container);
    }
    return 0;
}

static void rate(struct look *now, const struct look *before)
{
    for (size_t i = 0; i < now->n; i++) {
        struct row *row = &now->rows[i];

        for (size_t b = 0; b < before->n; b++) {
            const struct row *old = &before->rows[b];

            if (old->pod != row->pod || strcmp(old->container, row->container) != 0 ||
                row->usec <= old->usec)
                continue;
            row->milli = row->cpu_usec < old->cpu_usec
                             ? 0
                             : 1000.0 * (double)(row->cpu_usec - old->cpu_usec) /
                                   (double)(row->usec - old->usec);
        }
    }
}

/* ---------------------------------------------------------------------- shown */

static char *milli_text(const struct row *row)
{
    return row->milli < 0 ? xstrdup("<unknown>") : xasprintf("%.0fm", row->milli);
}

static void print_rows(const struct look *look, const struct top_pods_wish *wish)
{
    struct column columns[6];
    struct table *table;
    size_t n = 0;

    if (wish->scope.in_all_spaces)
        columns[n++] = (struct column){.title = "NAMESPACE"};
    if (wish->by_container)
        columns[n++] = (struct column){.title = "POD"};
    columns[n++] = (struct column){.title = "NAME"};
    columns[n++] = (struct column){.title = "CPU(cores)"};
    columns[n++] = (struct column){.title = "MEMORY(bytes)"};
    table = table_create(columns, n);
    for (size_t i = 0; i < look->n; i++) {
        const struct row *row = &look->rows[i];

        if (wish->scope.in_all_spaces)
            table_add(table, row->pod->name_space);
        if (wish->by_container)
            table_add(table, row->pod->name);
        table_add(table, wish->by_container ? row->container : row->pod->name);
        table_take(table, milli_text(row));
        table_take(table, xasprintf("%lluMi", (unsigned long long)(row->memory >> 20)));
    }
    table_print(table, true, 0, stdout);
    table_destroy(table);
}

static void print_document(const struct look *look)
{
    json_t *list = json_array();

    for (size_t i = 0; i < look->n; i++) {
        const struct row *row = &look->rows[i];

        (void)json_array_append_new(
            list,
            json_pack("{s:o, s:o, s:o, s:I, s:o, s:I}", "namespace",
                      document_text(row->pod->name_space), "pod",
                      document_text(row->pod->name), "container",
                      row->container[0] ? document_text(row->container) : json_null(),
                      "job", (json_int_t)row->pod->job_id, "cpu_milli",
                      row->milli < 0 ? json_null() : json_real(row->milli), "memory",
                      (json_int_t)row->memory));
    }
    document_print_json(json_pack("{s:o}", "pods", list), stdout);
}

int top_pods(struct berth *berth, const struct top_pods_wish *wish)
{
    cleanup(reply_freep) Berth__ObjectList *pods = NULL;
    cleanup(look_fini) struct look before = {0}, now = {0};
    struct object_group group = {.kind = object_kind("pod", 3), .names = wish->names};
    struct berth_err err;
    int rc = object_group_ask(berth, &group, &wish->scope, &pods, &err);

    if (rc == 0 && group.names &&
        object_group_say_missing(berth, &group, &wish->scope, pods))
        return STATUS_FAILED;
    if (rc == 0)
        rc = ask_nodes(berth, pods, wish->by_container, &before, &err);
    if (rc == 0) {
        (void)poll(NULL, 0, (int)wish->delay_ms);
        rc = ask_nodes(berth, pods, wish->by_container, &now, &err);
    }
    if (rc < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    rate(&now, &before);
    if (wish->json)
        print_document(&now);
    else if (now.n)
        print_rows(&now, wish);
    else
        say_info("no pod runs");
    return STATUS_OK;
}
