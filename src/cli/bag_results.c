/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_results.c - what the client of a bag is told: output, ends, losses
 */
#include "cli/bag_priv.h"

#include <stdlib.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "cli/say.h"

static void take_output(struct bag *bag, const Berth__BagReport *report,
                        const Berth__BagOutput *output)
{
    struct bag_open_command *command = bag_ledger_find(bag->ledger, output->index);

    if (!command)
        return;
    if (output->stream == 2)
        bag_ledger_note_stderr(command, output->data.data, output->data.len);
    bag_output_take(bag->output, output->index, output->stream, report->node,
                    output->data.data, output->data.len);
}

static void log_end(struct bag *bag, const char *node, const Berth__BagResult *result,
                    const struct bag_open_command *command)
{
    int status = result->status;
    const struct bag_entry entry = {
        .index = result->index,
        .hash = command->hash,
        .attempt = result->attempt,
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
        .signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .start_usec = result->start_usec,
        .usec = result->usec,
        .node = node[0] ? node : "-",
        .command = command->text,
    };

    if (bag->log)
        bag_log_add(bag->log, &entry);
}

static void note_failure(struct bag *bag, const char *node,
                         const Berth__BagResult *result,
                         struct bag_open_command *command)
{
    int status = result->status;
    const struct bag_failure failure = {
        .index = result->index,
        .usec = result->usec,
        .attempts = result->attempt,
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
        .signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .timed_out = result->timed_out,
        .is_lost = result->is_lost,
        .node = xstrdup(node),
        .command = take(command->text),
        .words = xstrdup(result->words),
        .tail = strbuf_take(&command->tail),
    };

    bag_report_fail(&bag->report, &failure);
}

static void take_result(struct bag *bag, const char *node,
                        const Berth__BagResult *result)
{
    struct bag_open_command *command = bag_ledger_find(bag->ledger, result->index);

    if (!command)
        return;
    log_end(bag, node, result, command);
    bag_output_end(bag->output, result->index, node, result->is_final);
    bag->report.busy_usec += result->usec;
    bag->report.lost += result->is_lost;
    if (!result->is_final) {
        bag->report.retried++;
        strbuf_cut(&command->tail, 0);
        return;
    }
    if (result->status || result->words[0])
        note_failure(bag, node, result, command);
    else
        bag->report.succeeded++;
    bag_ledger_remove(bag->ledger, result->index);
}

void bag_take_report(struct bag *bag, const Berth__BagReport *report)
{
    if (!bag->output)
        return;
    for (size_t i = 0; i < report->n_outputs; i++)
        take_output(bag, report, report->outputs[i]);
    for (size_t i = 0; i < report->n_results; i++)
        take_result(bag, report->node, report->results[i]);
    bag->in_window -= report->taken < bag->in_window ? report->taken : bag->in_window;
    if (report->words[0]) {
        bag_report_hide(&bag->report);
        say_warning("%s", report->words);
    }
    if (report->stopped && !bag->is_stopped) {
        bag->is_stopped = bag->report.out_of_failures = true;
        bag_report_hide(&bag->report);
        say_error("too many failures: no further command is begun");
    }
}
