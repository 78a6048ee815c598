/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_node.c - berth node: keep nodes, or some pods, from work, or let them work again
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
    bool evict;
};

static const struct usage usage = {
    .synopsis = "berth node drain|down|resume [options] node...\n"
                "       berth node taint [options] node... taint...",
    .about =
        "Keep nodes from work, for whoever administers the cluster.\n"
        "\n"
        "  drain   no new jobs there; those that run go on\n"
        "  down    no jobs at all: those that run there are lost\n"
        "  resume  undo either\n"
        "  taint   KEY=VALUE:EFFECT keeps pods away that do not tolerate it: with\n"
        "          NoSchedule no others begin, with NoExecute those that run go, too;\n"
        "          KEY:EFFECT- or KEY- takes it away. Jobs that are no pods stay.\n"
        "\n"
        "Host lists like n[1-4] are understood. It holds until it is undone, also\n"
        "over restarts.",
    .examples = "  berth node drain --reason 'new firmware' n[1-4]\n"
                "  berth node drain --evict --reason 'new firmware' n[1-4]\n"
                "  berth node resume n[1-4]\n"
                "  berth node taint n[1-4] dedicated=bio:NoExecute\n"
                "  berth node taint n[1-4] dedicated-\n",
};

static const struct opt opts[] = {
    {"reason", 'r', OPT_NEEDED, "WORDS", opt_string, offsetof(struct node_args, reason),
     0, "why, for those who will ask", 0},
    {.name = "evict",
     .set = opt_flag,
     .offset = offsetof(struct node_args, evict),
     .help = "drain: ask the pods there to go; those of Jobs are made again elsewhere"},
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
    {"taint", BERTH__NODE_CONTROL__OP__TAINT},
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
        say_error("unknown action %s: it is one of drain, down, resume and taint",
                  word);
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

/* Words from the end on that are no names of nodes. */
static int count_taints(int n, char **words)
{
    int taints = 0;

    while (taints < n) {
        const char *word = words[n - taints - 1];

        if (!strchr(word, ':') && !strchr(word, '=') && word[strlen(word) - 1] != '-')
            break;
        taints++;
    }
    return taints;
}

static int check_args(const struct action *action, const struct node_args *args,
                      int n_names, int n_taints)
{
    bool is_taint = action->op == BERTH__NODE_CONTROL__OP__TAINT;
    bool needs_reason = action->op == BERTH__NODE_CONTROL__OP__DRAIN ||
                        action->op == BERTH__NODE_CONTROL__OP__DOWN;

    if (n_names == 0)
        say_error("name the nodes: berth node %s n[1-4]%s", action->name,
                  is_taint ? " KEY=VALUE:EFFECT" : "");
    else if (is_taint && n_taints == 0)
        say_error("name a taint: KEY=VALUE:EFFECT, or KEY- to take it away");
    else if (needs_reason && (!args->reason || !args->reason[0]))
        say_error("--reason: say why, for those who will ask");
    else if (args->evict && action->op != BERTH__NODE_CONTROL__OP__DRAIN)
        say_error("--evict: it is for drain");
    else
        return 0;
    return -EINVAL;
}

static int run_action(const struct action *action, const struct node_args *args, int n,
                      char **words)
{
    int n_taints =
        action->op == BERTH__NODE_CONTROL__OP__TAINT ? count_taints(n, words) : 0;
    int n_names = n - n_taints;
    cleanup(strv_freep) char **names = NULL;
    cleanup(freep) char *reason = xstrdup(args->reason ? args->reason : "");
    Berth__NodeControl control = BERTH__NODE_CONTROL__INIT;
    int status;

    if (check_args(action, args, n_names, n_taints) < 0)
        return STATUS_USAGE;
    if (node_names_expand(n_names, words, &names) < 0)
        return STATUS_USAGE;
    control.op = action->op;
    control.names = names;
    control.n_names = strv_len(names);
    control.reason = reason;
    control.evict = args->evict;
    control.taints = words + n_names;
    control.n_taints = (size_t)n_taints;
    status = send_control(args, &control);
    return status == STATUS_OK ? print_nodes(args, n_names, words) : status;
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
        say_error("say what to do: drain, down, resume or taint");
        return STATUS_USAGE;
    }
    action = find_action(argv[next]);
    if (!action)
        return STATUS_USAGE;
    return run_action(action, &args, argc - next - 1, argv + next + 1);
}
