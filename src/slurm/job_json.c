/* SPDX-License-Identifier: Apache-2.0
 *
 * job_json.c - jobs in Slurm's JSON (data_parser v0.0.41)
 */
#include "slurm/job_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bitset.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "slurm/load_error.h"
#include "slurm/slurm.h"
#include "slurm/states.h"

#define CORES_MAX 65536 /* of a node */

static void set(json_t *doc, const char *name, json_t *value)
{
    json_object_set_new(doc, name, value);
}

/* What a function of job_row.h appends, as a text. */
static json_t *text_of(const struct job_row *row,
                       void (*put)(const struct job_row *, struct strbuf *))
{
    struct strbuf text = STRBUF_INIT;
    json_t *value;

    put(row, &text);
    value = json_text(text.s);
    strbuf_fini(&text);
    return value;
}

/* ------------------------------------------------------------------ resources */

static uint32_t cores_a_socket(const Berth__NodeList *nodes, const char *name)
{
    for (size_t i = 0; nodes && i < nodes->n_nodes; i++)
        if (strcmp(nodes->nodes[i]->name, name) == 0 && nodes->nodes[i]->packages)
            return nodes->nodes[i]->cores / nodes->nodes[i]->packages;
    return 0;
}

/* Cores by sockets: [{"index": 0, "cores": [{"index": 0, "status": ["ALLOCATED"]}]}] */
static json_t *sockets_of(const Berth__NodeShare *share, uint32_t a_socket)
{
    cleanup(bitset_destroyp) struct bitset *cores = NULL;
    json_t *sockets = json_array(), *list = NULL;
    size_t last = SIZE_MAX;

    if (bitset_parse(share->cores, CORES_MAX, &cores, NULL))
        return sockets;
    for (size_t i = bitset_next(cores, 0); i < CORES_MAX;
         i = bitset_next(cores, i + 1)) {
        size_t socket = a_socket ? i / a_socket : 0;

        if (socket != last) {
            list = json_array();
            json_array_append_new(
                sockets,
                json_pack("{s:I,s:o}", "index", (json_int_t)socket, "cores", list));
            last = socket;
        }
        json_array_append_new(list, json_pack("{s:I,s:[s]}", "index",
                                              (json_int_t)(a_socket ? i % a_socket : i),
                                              "status", "ALLOCATED"));
    }
    return sockets;
}

static size_t count_of(const char *cores)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;

    return bitset_parse(cores, CORES_MAX, &set, NULL) ? 0 : bitset_count(set);
}

static json_t *allocation_of(const Berth__Placement *placement,
                             const Berth__NodeList *nodes)
{
    json_t *list = json_array();

    for (size_t i = 0; placement && i < placement->n_shares; i++) {
        const Berth__NodeShare *share = placement->shares[i];
        json_int_t cpus = (json_int_t)count_of(share->cores);
        json_t *sockets = sockets_of(share, cores_a_socket(nodes, share->node));

        json_array_append_new(
            list,
            json_pack("{s:I,s:o,s:{s:I,s:I},s:{s:I,s:I},s:o}", "index", (json_int_t)i,
                      "name", json_text(share->node), "cpus", "count", cpus, "used",
                      cpus, "memory", "used", (json_int_t)0, "allocated",
                      (json_int_t)share->memory, "sockets", sockets));
    }
    return list;
}

static json_t *resources_of(const struct job_row *row, const Berth__NodeList *nodes)
{
    return json_pack("{s:[s,s,s],s:{s:I,s:[s],s:o,s:b,s:o},s:I,s:o}", "select_type",
                     "CPU", "CORE", "MEMORY", "nodes", "count",
                     (json_int_t)row->info->n_nodes, "select_type",
                     row->spec->exclusive ? "ONE_ROW" : "AVAILABLE", "list",
                     json_text(row->info->nodes), "whole", row->spec->exclusive ? 1 : 0,
                     "allocation", allocation_of(row->record->placement, nodes), "cpus",
                     (json_int_t)row->info->cpus, "threads_per_core", json_number(1));
}

/* ------------------------------------------------------------------ the job */

static json_t *exit_of(const Berth__JobRecord *record)
{
    const char *status = record->exit_signal ? "SIGNALED"
                         : record->exit_code ? "ERROR"
                         : record->end_time  ? "SUCCESS"
                                             : "PENDING";

    return json_pack("{s:[s],s:o,s:{s:o,s:s}}", "status", status, "return_code",
                     json_number(record->exit_code), "signal", "id",
                     json_number_if(record->exit_signal), "name", "");
}

static void add_identity(json_t *doc, const struct job_row *row)
{
    const Berth__JobRecord *record = row->record;
    const Berth__JobSpec *spec = row->spec;
    const char *indexes = job_row_indexes(row), *state = state_long(row->info->state);

    set(doc, "job_id", json_integer(record->id));
    set(doc, "array_job_id",
        json_number(record->array_job       ? record->array_job
                    : job_row_is_array(row) ? record->id
                                            : 0));
    set(doc, "array_task_id",
        record->array_job ? json_number(record->array_task) : json_number_if(0));
    set(doc, "array_task_string", json_text(indexes));
    set(doc, "het_job_id", json_number(record->het_leader));
    set(doc, "name", json_text(spec->name));
    set(doc, "user_id", json_integer(spec->uid));
    set(doc, "user_name", json_text(spec->user));
    set(doc, "group_id", json_integer(spec->gid));
    set(doc, "group_name", json_text(group_name(spec->gid)));
    set(doc, "account", json_text(spec->account));
    set(doc, "qos", json_text(spec->qos));
    set(doc, "partition", json_text(spec->partition));
    set(doc, "cluster", json_text(row->cluster));
    set(doc, "comment", json_text(spec->comment));
    set(doc, "wckey", json_text(spec->wckey));
    set(doc, "job_state", json_flag(state ? state : "RUNNING"));
    set(doc, "state_reason", json_text(job_row_reason(row)));
    set(doc, "state_description", json_text(record->state_words));
    set(doc, "exit_code", exit_of(record));
    set(doc, "derived_exit_code", exit_of(record));
}

static void add_times(json_t *doc, const struct job_row *row)
{
    const Berth__JobRecord *record = row->record;

    set(doc, "submit_time", json_number(record->submit_time));
    set(doc, "eligible_time", json_number_if(record->eligible_time));
    set(doc, "accrue_time", json_number_if(record->eligible_time));
    set(doc, "start_time",
        json_number(job_row_is_pending(row) ? row->start : record->start_time));
    set(doc, "end_time", json_number(job_row_end(row)));
    set(doc, "suspend_time", json_number(record->suspended_at));
    set(doc, "pre_sus_time", json_number(record->suspended_for));
    set(doc, "deadline", json_number(row->spec->deadline));
    set(doc, "time_limit", json_limit(row->info->time_limit));
    set(doc, "time_minimum", json_limit(row->spec->time_min));
    set(doc, "restart_cnt", json_integer(record->restarts));
    set(doc, "requeue", json_boolean(strcmp(row->spec->requeue, "no") != 0));
}

static void add_wishes(json_t *doc, const struct job_row *row)
{
    const Berth__JobSpec *spec = row->spec;

    set(doc, "priority", json_number(job_row_priority(row)));
    set(doc, "nice", json_integer(spec->nice));
    set(doc, "hold", json_boolean(row->record->held));
    set(doc, "dependency", json_text(spec->dependency));
    set(doc, "features", json_text(spec->constraint));
    set(doc, "prefer", json_text(spec->prefer));
    set(doc, "licenses", json_text(spec->licences));
    set(doc, "resv_name", json_text(spec->reservation));
    set(doc, "required_nodes", json_text(spec->nodelist));
    set(doc, "excluded_nodes", json_text(spec->exclude));
    set(doc, "contiguous", json_boolean(spec->contiguous));
    set(doc, "cpus_per_task",
        json_number(spec->cpus_per_task ? spec->cpus_per_task : 1));
    set(doc, "memory_per_node", json_number_if((int64_t)spec->mem_per_node));
    set(doc, "memory_per_cpu", json_number_if((int64_t)spec->mem_per_cpu));
    set(doc, "minimum_cpus_per_node",
        json_number(spec->cpus_per_task ? spec->cpus_per_task : 1));
    set(doc, "tasks_per_node", json_number_if(spec->tasks_per_node));
    set(doc, "threads_per_core", json_number(1));
    set(doc, "tres_per_node", text_of(row, job_row_put_tres_per_node));
    set(doc, "tres_req_str", text_of(row, job_row_put_tres));
    set(doc, "tres_alloc_str",
        row->info->n_nodes ? text_of(row, job_row_put_tres) : json_text(""));
    set(doc, "container", json_text(spec->container ? spec->container->image : ""));
}

static void add_files(json_t *doc, const struct job_row *row)
{
    const Berth__JobSpec *spec = row->spec;

    set(doc, "batch_flag", json_boolean(!spec->interactive));
    set(doc, "batch_host", json_text(row->info->lead));
    set(doc, "allocating_node", json_text(spec->submit_host));
    set(doc, "command", text_of(row, job_row_put_command));
    set(doc, "submit_line", json_text(spec->submit_line));
    set(doc, "current_working_directory", json_text(spec->cwd));
    set(doc, "standard_output", text_of(row, job_row_put_output));
    set(doc, "standard_error", text_of(row, job_row_put_error));
    set(doc, "standard_input", json_text(spec->input[0] ? spec->input : "/dev/null"));
}

json_t *job_json(const struct job_row *row, const Berth__NodeList *nodes)
{
    json_t *doc = json_object();

    add_identity(doc, row);
    add_times(doc, row);
    add_wishes(doc, row);
    add_files(doc, row);
    set(doc, "nodes", json_text(row->info->nodes));
    set(doc, "node_count", json_number(job_row_nodes(row)));
    set(doc, "cpus", json_number(row->info->cpus));
    set(doc, "tasks", json_number(job_row_tasks(row)));
    if (row->info->n_nodes)
        set(doc, "job_resources", resources_of(row, nodes));
    return doc;
}

/* ------------------------------------------------------------------ lists */

/* The nodes of jobs that were asked for by their ids; of whole lists it does not pay.
 */
static Berth__NodeList *nodes_of(struct berth *berth, const Berth__JobList *list)
{
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    cleanup(strv_freep) char **names = NULL;
    Berth__NodeList *nodes = NULL;
    struct berth_err err;

    for (size_t i = 0; i < list->n_jobs; i++) {
        const Berth__Placement *placement = list->jobs[i]->record->placement;

        for (size_t j = 0; placement && j < placement->n_shares; j++)
            strv_add(&names, placement->shares[j]->node);
    }
    query.names = names;
    query.n_names = strv_len(names);
    if (query.n_names && berth_nodes(berth, &query, &nodes, &err))
        return NULL;
    return nodes;
}

static json_t *list_json(struct berth *berth, const Berth__JobList *list,
                         const char *cluster)
{
    cleanup(reply_freep) Berth__NodeList *nodes = nodes_of(berth, list);
    json_t *jobs = json_array();
    int64_t now = time(NULL);

    for (size_t i = 0; i < list->n_jobs; i++) {
        struct job_row row = job_row_of(list->jobs[i], now, cluster);

        row.start = list->jobs[i]->promised;
        if (job_row_is_job(&row))
            json_array_append_new(jobs, job_json(&row, nodes));
    }
    return jobs;
}

int job_json_list(struct berth *berth, const Berth__JobQuery *query,
                  enum json_form form)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    cleanup(reply_freep) Berth__Pong *pong = NULL;
    Berth__JobQuery whole = *query;
    struct berth_err err;
    int rc;

    whole.with_wishes = true;
    rc = berth_ping(berth, &pong, &err);
    if (rc == 0)
        rc = berth_jobs(berth, &whole, &list, &err);
    if (rc < 0)
        return load_error("slurm_load_jobs", &err);
    json_print_framed("jobs", list_json(berth, list, pong->cluster), pong->cluster,
                      form);
    return SLURM_OK;
}
