/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_explain.c - berth explain: why a job waits, runs there, or has ended
 */
#include "cli/command.h"

#include <stdio.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/explain_show.h"

struct explain_args {
    struct common common;
};

static const struct usage usage = {
    .synopsis = "berth explain [options] id...",
    .about =
        "Say why a job waits: what it lacks and who has it, when it will start,\n"
        "what it would get, and what would let it start sooner. Of a running job,\n"
        "why it runs where it runs; of an ended one, how it ended.",
    .examples = "  berth explain 17\n"
                "  berth explain 17 --json | jq -r '.sooner[0].change'\n",
};

static const struct opt opts[] = {
    OPTS_COMMON(struct explain_args, common),
    OPTS_END,
};

static int explain(struct berth *berth, uint32_t id, bool is_first,
                   const struct explain_args *args)
{
    cleanup(reply_freep) Berth__Explanation *explanation = NULL;
    struct berth_err err;

    if (berth_explain(berth, id, &explanation, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (args->common.json) {
        document_print_json(explain_document(explanation), stdout);
        return STATUS_OK;
    }
    if (!is_first)
        putchar('\n');
    explain_show(explanation, stdout);
    return STATUS_OK;
}

int cmd_explain(int argc, char **argv)
{
    struct explain_args args = {.common = {0}};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(freep) uint32_t *ids = NULL;
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("which job? Give its number");
        return STATUS_USAGE;
    }
    if (parse_job_ids(argc - next, argv + next, &ids) < 0)
        return STATUS_USAGE;
    if (args.common.json && argc - next > 1) {
        say_error("--json: explains one job at a time");
        return STATUS_USAGE;
    }
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    status = STATUS_OK;
    for (int i = 0; i < argc - next && status == STATUS_OK; i++)
        status = explain(berth, ids[i], i == 0, &args);
    return status;
}
