/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_node.c - berth node: keep nodes from work, or let them work again
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/node_query.h"

struct node_args {
    struct common common;
    const char *reason;
};

static const struct usage usage = {
    .synopsis = "berth node drain|down|resume [options] node...",
    .about =
        "Keep nodes from work, for whoever administers the cluster.\n"
        "\n"
        "  drain   no new jobs there; those that run go on\n"
        "  down    no jobs at all: those that run there are lost\n"
        "  resume  undo either\n"
        "\n"
        "Host lists like n[1-4] are understood. It holds until it is undone, also\n"
        "over restarts.",
    .examples = "  berth node drain --reason 'new firmware' n[1-4]\n"
                "  berth node resume n[1-4]\n",
};

static const struct opt opts[] = {
    {"reason", 'r', OPT_NEEDED, "WORDS", opt_string, offsetof(struct node_args, reason),
     0, "why, for those who will ask", 0},
    OPTS_COMMON(struct node_args, common),
    OPTS_END,
};

static const struct action {
    const char *name;
    Berth__NodeControl__Op op;
} actions[] = {
    {"drain", BERTH__NODE_CONTROL__OP__DRAIN},
    {"down", BERTH__NODE_CONTROL__OP__DOWN},
    {"resume", BERTH__NODE_CONTROL__OP__RESUME},
};

static const struct action *find_action(const char *word)
{
    const char *names[ARRAY_SIZE(actions)];
    const char *near;

    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        names[i] = actions[i].name;
        if (strcmp(names[i], word) == 0)
            return &actions[i];
    }
    near = nearest_name(word, names, ARRAY_SIZE(names));
    if (near)
        say_error("unknown action %s: did you mean %s?", word, near);
    else
        say_error("unknown action %s: it is one of drain, down and resume", word);
    return NULL;
}

/* How they are now. */
static int print_nodes(const struct node_args *args, int n, char **words)
{
    cleanup(reply_freep) Berth__NodeList *list = NULL;

    if (node_query_send(args->common.config, n, words, &list) < 0)
        return STATUS_FAILED;
    if (args->common.json)
        document_print_json(document_of(&list->base, false), stdout);
    else
        for (size_t i = 0; i < list->n_nodes; i++)
            printf("%s is %s\n", list->nodes[i]->name, list->nodes[i]->state);
    return STATUS_OK;
}

static int send_control(const struct node_args *args, Berth__NodeControl *control)
{
    cleanup(link_closep) struct berth *berth = NULL;
    struct berth_err err;

    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    if (berth_node_control(berth, control, &err) == 0)
        return STATUS_OK;
    say_error("%s", err.text);
    return STATUS_FAILED;
}

static int run_action(const struct action *action, const struct node_args *args, int n,
                      char **words)
{
    cleanup(strv_freep) char **names = NULL;
    cleanup(freep) char *reason = xstrdup(args->reason ? args->reason : "");
    Berth__NodeControl control = BERTH__NODE_CONTROL__INIT;
    int status;

    if (n == 0) {
        say_error("name the nodes: berth node %s n[1-4]", action->name);
        return STATUS_USAGE;
    }
    if (action->op != BERTH__NODE_CONTROL__OP__RESUME && !reason[0]) {
        say_error("--reason: say why, for those who will ask");
        return STATUS_USAGE;
    }
    if (node_names_expand(n, words, &names) < 0)
        return STATUS_USAGE;
    control.op = action->op;
    control.names = names;
    control.n_names = strv_len(names);
    control.reason = reason;
    status = send_control(args, &control);
    return status == STATUS_OK ? print_nodes(args, n, words) : status;
}

int cmd_node(int argc, char **argv)
{
    struct node_args args = {.reason = NULL};
    const struct action *action;
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("say what to do: drain, down or resume");
        return STATUS_USAGE;
    }
    action = find_action(argv[next]);
    if (!action)
        return STATUS_USAGE;
    return run_action(action, &args, argc - next - 1, argv + next + 1);
}
