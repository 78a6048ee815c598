/* SPDX-License-Identifier: Apache-2.0
 *
 * show_step.c - berth show step: where the tasks of a step are, and bound to what
 */
#include "cli/show_step.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/command.h"
#include "cli/document.h"
#include "cli/job_target.h"
#include "cli/table.h"

/* One task: the cores that it was given, and the processors that it is bound to. */
struct seat {
    uint32_t task;
    const char *node, *cores, *pus;
};

static int by_task(const void *a, const void *b)
{
    uint32_t x = ((const struct seat *)a)->task, y = ((const struct seat *)b)->task;

    return x < y ? -1 : x > y;
}

static size_t collect(const Berth__StepInfo *step, struct seat **ret)
{
    size_t n = 0, cap = 0;

    for (size_t i = 0; i < step->n_nodes; i++)
        cap += step->nodes[i]->n_ranks;
    *ret = xcalloc(cap + 1, sizeof(**ret));
    for (size_t i = 0; i < step->n_nodes; i++) {
        const Berth__StepNode *node = step->nodes[i];

        for (size_t t = 0; t < node->n_ranks; t++)
            (*ret)[n++] = (struct seat){
                .task = node->ranks[t],
                .node = node->node,
                .cores = t < node->n_task_cores ? node->task_cores[t] : "",
                .pus = t < node->n_task_pus ? node->task_pus[t] : ""};
    }
    qsort(*ret, n, sizeof(**ret), by_task);
    return n;
}

static const char *or_dash(const char *text)
{
    return text[0] ? text : "-";
}

static void print_table(uint32_t job, const Berth__StepInfo *step,
                        const struct seat *seats, size_t n)
{
    static const struct column columns[] = {{"TASK", .is_right = true},
                                            {.title = "NODE"},
                                            {.title = "CORES"},
                                            {.title = "PROCESSORS"}};
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));
    cleanup(freep) char *start = when_format(step->start_time);

    printf("Step %u.%u: %s\n", job, step->step_id, step->name);
    printf("  start       %s\n  nodes       %zu\n  tasks       %zu\n\n", start,
           step->n_nodes, n);
    for (size_t i = 0; i < n; i++) {
        table_take(table, xasprintf("%u", seats[i].task));
        table_add(table, seats[i].node);
        table_add(table, or_dash(seats[i].cores));
        table_add(table, or_dash(seats[i].pus));
    }
    table_print(table, true, 0, stdout);
}

static void print_json(uint32_t job, const Berth__StepInfo *step,
                       const struct seat *seats, size_t n)
{
    json_t *tasks = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            tasks, json_pack("{s:i, s:o, s:s, s:s}", "task", (int)seats[i].task, "node",
                             document_text(seats[i].node), "cores", seats[i].cores,
                             "processors", seats[i].pus));
    document_print_json(json_pack("{s:i, s:i, s:o, s:I, s:o}", "job", (int)job, "step",
                                  (int)step->step_id, "name", document_text(step->name),
                                  "start_time", (json_int_t)step->start_time, "tasks",
                                  tasks),
                        stdout);
}

static const Berth__StepInfo *find(const Berth__StepList *list, int64_t step)
{
    for (size_t i = 0; i < list->n_steps; i++)
        if (list->steps[i]->state == BERTH__STEP_INFO__STATE__RUNS &&
            (step == STEP_ANY || list->steps[i]->step_id == step))
            return list->steps[i];
    return NULL;
}

static int print(const struct job_target *target, const Berth__StepList *list,
                 bool as_json)
{
    const Berth__StepInfo *step = find(list, target->step);
    cleanup(freep) struct seat *seats = NULL;
    size_t n;

    if (!step) {
        say_error("no such step of job %u runs", target->id);
        return STATUS_FAILED;
    }
    n = collect(step, &seats);
    if (as_json)
        print_json(target->id, step, seats, n);
    else
        print_table(target->id, step, seats, n);
    return STATUS_OK;
}

int show_step(struct berth *berth, const char *word, bool as_json)
{
    cleanup(job_target_fini) struct job_target target = {0};
    cleanup(reply_freep) Berth__JobList *list = NULL;
    cleanup(reply_freep) Berth__Envelope *steps = NULL;
    struct berth_steps *lead;
    int status = STATUS_FAILED;

    if (job_target_parse(word, &target) < 0)
        return STATUS_USAGE;
    if (job_target_find(berth, &target, &list) < 0 ||
        job_target_call_lead(berth, list->jobs[0], &lead) < 0)
        return STATUS_FAILED;
    target.id = list->jobs[0]->record->id;
    if (job_target_ask_steps(lead, &steps) == 0)
        status = print(&target, steps->step_list, as_json);
    berth_steps_close(lead);
    return status;
}
