/* SPDX-License-Identifier: Apache-2.0
 *
 * step_show.c - steps of jobs for people: lists, and one in full
 */
#include "cli/step_show.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/moment.h"
#include "cli/step_seats.h"

const char *step_state(const Berth__StepInfo *step)
{
    if (step->state == BERTH__STEP_INFO__STATE__WAITS)
        return "PENDING";
    if (step->state != BERTH__STEP_INFO__STATE__ENDED)
        return "RUNNING";
    if (step->out_of_memory)
        return "OUT_OF_MEMORY";
    return step->exit_code || step->exit_signal || step->words[0] ? "FAILED"
                                                                  : "COMPLETED";
}

static char *nodes_of(const Berth__StepInfo *step)
{
    cleanup(strv_freep) char **names = NULL;

    for (size_t i = 0; i < step->n_nodes; i++)
        strv_add(&names, step->nodes[i]->node);
    return names ? hostlist_compress(names) : xstrdup(step->nodelist);
}

/* From its start to its end, or to now; of one that has not begun nothing. */
static char *elapsed_of(const Berth__StepInfo *step, int64_t now)
{
    int64_t end = step->end_time ? step->end_time : now;

    if (!step->start_time)
        return xstrdup("");
    return span_words(end > step->start_time ? end - step->start_time : 0);
}

/* Why it waits, where it is, or how it ended. */
static char *where_or_why(const Berth__StepInfo *step)
{
    cleanup(freep) char *nodes = nodes_of(step);

    if (step->state == BERTH__STEP_INFO__STATE__WAITS)
        return xasprintf("(%s)", step->why[0] ? step->why : "in line");
    if (step->words[0])
        return xasprintf("%s%s(%s)", nodes, nodes[0] ? " " : "", step->words);
    return xstrdup(nodes);
}

/* ------------------------------------------------------------------- lists */

struct table *step_table_create(void)
{
    static const struct column columns[] = {
        {.title = "STEP"},
        {.title = "NAME", .may_shrink = true},
        {.title = "STATE"},
        {.title = "TASKS", .is_right = true},
        {.title = "TIME", .is_right = true},
        {.title = "EXIT"},
        {.title = "NODES(REASON)", .may_shrink = true},
    };

    return table_create(columns, ARRAY_SIZE(columns));
}

static void add_row(struct table *table, const Berth__StepInfo *step, uint32_t job,
                    int64_t now)
{
    table_take(table, xasprintf("%u.%u", job, step->step_id));
    table_add(table, step->name);
    table_add(table, step_state(step));
    table_take(table, step->tasks ? xasprintf("%u", step->tasks) : xstrdup(""));
    table_take(table, elapsed_of(step, now));
    table_take(table, step->state == BERTH__STEP_INFO__STATE__ENDED
                          ? xasprintf("%d:%d", step->exit_code, step->exit_signal)
                          : xstrdup(""));
    table_take(table, where_or_why(step));
}

void step_table_add(struct table *table, const Berth__StepList *list, uint32_t job,
                    int64_t now)
{
    for (size_t i = 0; i < list->n_steps; i++)
        add_row(table, list->steps[i], job, now);
}

/* --------------------------------------------------------------------- one */

static void line(FILE *out, const char *what, const char *value)
{
    if (value[0])
        fprintf(out, "  %-12s %s\n", what, value);
}

static void show_time(FILE *out, const char *what, int64_t when, int64_t now)
{
    cleanup(freep) char *words = moment_words(when, now);

    if (when)
        line(out, what, words);
}

static void show_node(FILE *out, const Berth__StepNode *node)
{
    fprintf(out, "  %-12s %zu tasks, cores %s", node->node, node->n_ranks, node->cores);
    if (node->memory)
        fprintf(out, ", %llu MiB", (unsigned long long)node->memory);
    if (node->has_devices)
        fprintf(out, ", devices %s", node->devices[0] ? node->devices : "none");
    fputc('\n', out);
}

static void show_end(FILE *out, const Berth__StepInfo *step)
{
    cleanup(freep) char *memory =
        size_format((step->memory_peak ? step->memory_peak : step->max_rss) << 10);

    fprintf(out, "  %-12s %d:%d\n", "exit", step->exit_code, step->exit_signal);
    if (step->user_usec + step->system_usec)
        fprintf(out, "  %-12s %.2f s user, %.2f s system\n", "processors",
                (double)step->user_usec / 1e6, (double)step->system_usec / 1e6);
    if (step->memory_peak || step->max_rss)
        line(out, "memory used", memory);
}

void step_show(const Berth__StepInfo *step, uint32_t job, int64_t now, FILE *out)
{
    const char *why = step->why[0] ? step->why : step->words;
    cleanup(freep) char *nodes = nodes_of(step);
    cleanup(strv_freep) char **argv = NULL;
    cleanup(freep) char *command = NULL;

    for (size_t i = 0; i < step->n_argv; i++)
        strv_add(&argv, step->argv[i]);
    command = argv ? strv_join(argv, " ") : xstrdup("");
    fprintf(out, "Step %u.%u: %s%s%s\n", job, step->step_id, step_state(step),
            why[0] ? ": " : "", why);
    line(out, "name", step->name);
    line(out, "command", command);
    if (step->tasks)
        fprintf(out, "  %-12s %u\n", "tasks", step->tasks);
    line(out, "nodes", nodes);
    show_time(out, "asked for", step->request_time, now);
    show_time(out, "started", step->start_time, now);
    show_time(out, "ended", step->end_time, now);
    for (size_t i = 0; i < step->n_nodes; i++)
        show_node(out, step->nodes[i]);
    if (step->state == BERTH__STEP_INFO__STATE__ENDED)
        show_end(out, step);
    step_seats_print(step, out);
}
