/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_show.c - berth show job|step|node: all that is known about one thing
 */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/job_names.h"
#include "cli/job_steps.h"
#include "cli/job_document.h"
#include "cli/node_query.h"
#include "cli/show_job.h"

struct show_args {
    struct common common;
    bool script;
};

static const struct usage usage = {
    .synopsis = "berth show [options] job ID | step ID.STEP | node NAME",
    .about =
        "Show all that is known about a job (what was asked for, when and where it\n"
        "runs, why there, which cores each task has), about a step that runs (where "
        "each\n"
        "task is, and what it is bound to) or about a node.",
    .examples = "  berth show job 17\n"
                "  berth show job 17 --script\n"
                "  berth show step 17.0\n"
                "  berth show node n1 --json\n",
};

static const struct opt opts[] = {
    {"script", 0, OPT_NONE, NULL, opt_flag, offsetof(struct show_args, script), 0,
     "the job's script, and nothing else", 0},
    OPTS_COMMON(struct show_args, common),
    OPTS_END,
};

static int print_script(const Berth__JobInfo *job)
{
    const Berth__JobSpec *spec = job->spec;

    if (!spec || spec->script.len == 0) {
        say_error("the job has no script");
        return STATUS_FAILED;
    }
    fwrite(spec->script.data, 1, spec->script.len, stdout);
    return STATUS_OK;
}

/* One job is an object; several are a list of them. */
static void print_json(const Berth__JobList *list)
{
    json_t *doc, *jobs = json_array();

    for (size_t i = 0; i < list->n_jobs; i++)
        json_array_append_new(jobs, job_document(list->jobs[i]));
    doc = list->n_jobs == 1 ? json_incref(json_array_get(jobs, 0))
                            : json_pack("{s:O}", "jobs", jobs);
    document_print_json(doc, stdout);
    json_decref(jobs);
}

static int print_jobs(const struct show_args *args, const Berth__JobList *list)
{
    int status = STATUS_OK;

    if (args->common.json && !args->script) {
        print_json(list);
        return STATUS_OK;
    }
    for (size_t i = 0; i < list->n_jobs && status == STATUS_OK; i++) {
        if (args->script) {
            status = print_script(list->jobs[i]);
            continue;
        }
        if (i > 0)
            putchar('\n');
        show_job(list->jobs[i], time(NULL), stdout);
    }
    return status;
}

static int show_jobs(const struct show_args *args, int n, char *const *words)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__JobList *list = NULL;
    cleanup(job_names_fini) struct job_names jobs = {0};
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    struct berth_err err;

    if (job_names_parse(n, words, &jobs) < 0)
        return STATUS_USAGE;
    query.ids = jobs.ids;
    query.n_ids = jobs.n;
    query.elements = jobs.elements;
    query.n_elements = jobs.n;
    query.all = 1;
    query.with_spec = 1;
    query.with_pods = 1;
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    if (berth_jobs(berth, &query, &list, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (n > 0 && list->n_jobs == 0) {
        say_error("there is no job %s", words[0]);
        return STATUS_FAILED;
    }
    return print_jobs(args, list);
}

static int show_steps(const struct show_args *args, int n, char *const *words)
{
    if (n == 0) {
        say_error("which step? Say ID.STEP");
        return STATUS_USAGE;
    }
    return job_steps_show(args->common.config, args->common.json, n, words);
}

/* By whom and since when, of those that someone gave it. */
static void print_taint(const Berth__NodeInfo *node, const char *words)
{
    const Berth__NodeTaint *given = NULL;

    for (size_t i = 0; i < node->n_passing_taints; i++)
        if (strcmp(node->passing_taints[i]->words, words) == 0)
            given = node->passing_taints[i];
    if (given) {
        cleanup(freep) char *since = when_format(given->since);

        printf("  taint       %s (%s, %s)\n", words, given->by, since);
    } else {
        printf("  taint       %s\n", words);
    }
}

static void print_node(const Berth__NodeInfo *node)
{
    cleanup(freep) char *used = size_format(node->memory_used << 20);
    cleanup(freep) char *memory = size_format(node->memory << 20);
    cleanup(freep) char *seen = when_format(node->last_seen);

    printf("Node %s: %s%s%s\n", node->name, node->state, node->reason[0] ? ": " : "",
           node->reason);
    printf("  address     %s:%u\n", node->address, node->port);
    printf("  hardware    %s\n", node->topology_words);
    printf("  switch      %s\n", node->switch_path[0] ? node->switch_path : "-");
    printf("  cores       %u of %u in use\n", node->cores_used, node->cores);
    printf("  memory      %s of %s in use\n", used, memory);
    printf("  load        %.2f\n", node->load);
    printf("  partitions ");
    for (size_t i = 0; i < node->n_partitions; i++)
        printf(" %s", node->partitions[i]);
    printf("\n  jobs       ");
    for (size_t i = 0; i < node->n_jobs; i++)
        printf(" %u", node->jobs[i]);
    printf("%s\n  last seen   %s\n  version     %s\n", node->n_jobs ? "" : " -", seen,
           node->version);
    for (size_t i = 0; i < node->n_taints; i++)
        print_taint(node, node->taints[i]);
}

static int show_nodes(const struct show_args *args, int n, char *const *words)
{
    cleanup(reply_freep) Berth__NodeList *list = NULL;

    if (node_query_send(args->common.config, n, words, &list) < 0)
        return STATUS_FAILED;
    if (n > 0 && list->n_nodes == 0) {
        say_error("there is no node %s ('berth nodes' lists them)", words[0]);
        return STATUS_FAILED;
    }
    if (args->common.json)
        document_print_json(document_of(&list->base, false), stdout);
    else
        for (size_t i = 0; i < list->n_nodes; i++)
            print_node(list->nodes[i]);
    return STATUS_OK;
}

int cmd_show(int argc, char **argv)
{
    struct show_args args = {.script = false};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next < argc &&
        (strcmp(argv[next], "job") == 0 || strcmp(argv[next], "jobs") == 0))
        return next + 1 < argc && is_step_name(argv[next + 1])
                   ? show_steps(&args, argc - next - 1, argv + next + 1)
                   : show_jobs(&args, argc - next - 1, argv + next + 1);
    if (next < argc && strcmp(argv[next], "step") == 0)
        return show_steps(&args, argc - next - 1, argv + next + 1);
    if (next < argc && is_step_name(argv[next]))
        return show_steps(&args, argc - next, argv + next);
    if (next < argc &&
        (strcmp(argv[next], "node") == 0 || strcmp(argv[next], "nodes") == 0))
        return show_nodes(&args, argc - next - 1, argv + next + 1);
    if (next < argc)
        say_error("cannot show '%s': say job ID, step ID.STEP or node NAME",
                  argv[next]);
    else
        say_error("show what? Say job ID, step ID.STEP or node NAME");
    return STATUS_USAGE;
}
