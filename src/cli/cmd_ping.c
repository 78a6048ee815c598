/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_ping.c - berth ping: is the controller there, and how fast
 */
#include "cli/command.h"

#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/document.h"

struct ping_args {
    struct common common;
};

static const struct usage usage = {
    .synopsis = "berth ping [options]",
    .about = "Ask the controller for a sign of life, and time its answer.",
    .examples = "  berth ping\n",
};

static const struct opt opts[] = {
    OPTS_COMMON(struct ping_args, common),
    OPTS_END,
};

static double now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void print_pong(const Berth__Pong *pong, double ms)
{
    printf("berthctld %s of cluster %s answers in %.1f ms: %u jobs wait, %u run, "
           "%u of %u nodes are up\n",
           pong->version, pong->cluster, ms, pong->jobs_pending, pong->jobs_running,
           pong->nodes_up, pong->nodes_total);
}

int cmd_ping(int argc, char **argv)
{
    struct ping_args args = {.common = {0}};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__Pong *pong = NULL;
    struct berth_err err;
    int next, status;
    double before;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    before = now_ms();
    if (berth_ping(berth, &pong, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (args.common.json) {
        json_t *doc = document_of(&pong->base, false);

        json_object_set_new(doc, "answer_ms", json_real(now_ms() - before));
        document_print_json(doc, stdout);
    } else {
        print_pong(pong, now_ms() - before);
    }
    return STATUS_OK;
}
