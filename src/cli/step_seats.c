/* SPDX-License-Identifier: Apache-2.0
 *
 * step_seats.c - where the tasks of a step are, and what they are bound to
 */
#include "cli/step_seats.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/document.h"
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

void step_seats_print(const Berth__StepInfo *step, FILE *out)
{
    static const struct column columns[] = {{"TASK", .is_right = true},
                                            {.title = "NODE"},
                                            {.title = "CORES"},
                                            {.title = "PROCESSORS"}};
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));
    cleanup(freep) struct seat *seats = NULL;
    size_t n = collect(step, &seats);

    for (size_t i = 0; i < n; i++) {
        table_take(table, xasprintf("%u", seats[i].task));
        table_add(table, seats[i].node);
        table_add(table, or_dash(seats[i].cores));
        table_add(table, or_dash(seats[i].pus));
    }
    if (n == 0)
        return;
    fputc('\n', out);
    table_print(table, true, 0, out);
}

json_t *step_seats_document(const Berth__StepInfo *step)
{
    cleanup(freep) struct seat *seats = NULL;
    size_t n = collect(step, &seats);
    json_t *tasks = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            tasks, json_pack("{s:i, s:o, s:s, s:s}", "task", (int)seats[i].task, "node",
                             document_text(seats[i].node), "cores", seats[i].cores,
                             "processors", seats[i].pus));
    return tasks;
}
