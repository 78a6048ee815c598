/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_top.c - berth top: what running jobs use, live
 */
#include "cli/command.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/job_names.h"
#include "cli/step_signals.h"
#include "cli/table.h"
#include "cli/top_pods.h"
#include "cli/top_table.h"
#include "cli/tty.h"

struct top_args {
    struct common common;
    bool once, me, has_steps;
    const char *user;
    int64_t delay_ms;
    enum top_order order;
    struct top_pods_wish pods;
};

static const struct usage usage = {
    .synopsis = "berth top [options] [job...]\n"
                "       berth top [options] pods [NAME...]",
    .about =
        "Show what running jobs use now: CPUs, memory, processes; again and again.\n"
        "Keys: q quits, s shows steps and nodes, c, m and j sort by CPU, memory, job.\n"
        "100% is one core. Without a terminal, or with --once, it prints and ends.\n"
        "Of pods it looks twice and prints, in thousandths of a core.",
    .examples = "  berth top\n"
                "  berth top --me --steps\n"
                "  berth top --once --sort mem\n"
                "  berth top pods --containers -l app=web\n"
                "  berth top --json 17 | jq '.jobs[0].cpu_percent'\n",
};

static int set_delay(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    struct top_args *args = ctx;
    char *end;
    double seconds = strtod(value, &end);

    (void)opt;
    if (end == value || *end || !(seconds >= 0.1 && seconds <= 3600))
        return err_set(err, EINVAL, "'%s' is not a number of seconds, 0.1 to 3600",
                       value);
    args->delay_ms = (int64_t)(1000 * seconds);
    return 0;
}

static int set_order(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    static const char *const words[] = {"cpu", "mem", "job"};
    struct top_args *args = ctx;

    (void)opt;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcmp(value, words[i]) == 0) {
            args->order = (enum top_order)i;
            return 0;
        }
    }
    return err_set(err, EINVAL, "'%s' is not one of cpu, mem, job", value);
}

static const struct opt opts[] = {
    {"steps", 's', .set = opt_flag, .offset = offsetof(struct top_args, has_steps),
     .help = "a line for each step on each node"},
    {"delay", 'd', OPT_NEEDED, "SECONDS", .set = set_delay,
     .help = "between two looks (2)"},
    {"once", 'b', .set = opt_flag, .offset = offsetof(struct top_args, once),
     .help = "print and end; CPUs are those of one delay"},
    {"sort", 0, OPT_NEEDED, "WHAT", .set = set_order, .help = "cpu, mem or job"},
    {"user", 'u', OPT_NEEDED, "NAME", .set = opt_string,
     .offset = offsetof(struct top_args, user), .help = "only this user's"},
    {"me", 0, .set = opt_flag, .offset = offsetof(struct top_args, me),
     .help = "only your own"},
    {"containers", 0, .set = opt_flag,
     .offset = offsetof(struct top_args, pods.by_container),
     .help = "of pods: a line for each container"},
    OPTS_SELECTOR(struct top_args, pods.scope),
    OPTS_NAMESPACE(struct top_args, pods.scope),
    {"all-namespaces", 'A', .set = opt_flag,
     .offset = offsetof(struct top_args, pods.scope.in_all_spaces),
     .help = "of pods: of all namespaces"},
    OPTS_COMMON(struct top_args, common),
    OPTS_END,
};

struct top {
    struct top_args *args;
    const struct job_names *names;
    struct berth *berth;
    Berth__JobList *jobs; /* of the last look */
    struct top_sample sample;
    size_t n_silent;   /* nodes that did not answer */
    char silence[480]; /* what one of them said */
};

/* -------------------------------------------------------------------- look */

static int ask_jobs(struct top *top, struct berth_err *err)
{
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    char *states[] = {(char[]){"RUNNING"}};
    const struct passwd *pw = top->args->me ? getpwuid(getuid()) : NULL;
    cleanup(freep) char *user = xstrdup(pw                ? pw->pw_name
                                        : top->args->user ? top->args->user
                                                          : "");

    query.states = states;
    query.n_states = 1;
    query.user = user;
    query.ids = top->names->ids;
    query.n_ids = top->names->n;
    query.elements = top->names->elements;
    query.n_elements = top->names->n;
    query.all = query.n_ids > 0;
    berth_free(take(top->jobs));
    return berth_jobs(top->berth, &query, &top->jobs, err);
}

static bool has_any(const Berth__NodeInfo *node, const uint32_t *ids, size_t n)
{
    for (size_t i = 0; i < node->n_jobs; i++)
        for (size_t k = 0; k < n; k++)
            if (node->jobs[i] == ids[k])
                return true;
    return false;
}

static void ask_node(struct top *top, const Berth__NodeInfo *node, uint32_t *ids,
                     size_t n, struct top_sample *ret)
{
    cleanup(reply_freep) Berth__UsageList *answer = NULL;
    Berth__UsageQuery query = BERTH__USAGE_QUERY__INIT;
    struct berth_err err;

    query.jobs = ids;
    query.n_jobs = n;
    if (berth_usage(top->berth, node->address, (uint16_t)node->port, &query, &answer,
                    &err) == 0) {
        top_add(ret, answer, ids, n);
        return;
    }
    top->n_silent++;
    (void)snprintf(top->silence, sizeof(top->silence), "%s", err.text);
}

/* Ask all nodes that have one of the jobs. */
static int look(struct top *top, struct berth_err *err)
{
    cleanup(reply_freep) Berth__NodeList *nodes = NULL;
    cleanup(freep) uint32_t *ids = NULL;
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    struct top_sample now = {0};
    int rc = ask_jobs(top, err);

    if (rc == 0)
        rc = berth_nodes(top->berth, &query, &nodes, err);
    if (rc < 0)
        return rc;
    ids = xcalloc(top->jobs->n_jobs + 1, sizeof(*ids));
    for (size_t i = 0; i < top->jobs->n_jobs; i++)
        ids[i] = top->jobs->jobs[i]->record->id;
    top->n_silent = 0;
    for (size_t i = 0; i < nodes->n_nodes; i++)
        if (has_any(nodes->nodes[i], ids, top->jobs->n_jobs))
            ask_node(top, nodes->nodes[i], ids, top->jobs->n_jobs, &now);
    top_rate(&now, &top->sample);
    top_sample_fini(&top->sample);
    top->sample = now;
    return 0;
}

/* -------------------------------------------------------------------- show */

static void only_steps(const struct top_sample *sample, struct top_sample *ret)
{
    *ret = (struct top_sample){.rows = xcalloc(sample->n + 1, sizeof(*ret->rows))};
    for (size_t i = 0; i < sample->n; i++)
        if (sample->rows[i].step != TOP_WHOLE)
            ret->rows[ret->n++] = sample->rows[i];
}

static void show(const struct top *top, size_t width)
{
    cleanup(top_sample_fini) struct top_sample rows = {0};

    if (top->args->has_steps)
        only_steps(&top->sample, &rows);
    else
        top_fold(&top->sample, &rows);
    top_sort(&rows, top->args->order);
    top_print(&rows, top->jobs, width, stdout);
    if (top->n_silent)
        printf("%zu nodes did not answer: %s\n", top->n_silent, top->silence);
}

static void show_json(const struct top *top)
{
    cleanup(top_sample_fini) struct top_sample rows = {0};

    top_fold(&top->sample, &rows);
    top_sort(&rows, top->args->order);
    document_print_json(top_document(&rows, &top->sample, top->jobs), stdout);
}

static int show_once(struct top *top)
{
    struct berth_err err;
    int rc = look(top, &err);

    if (rc == 0) {
        (void)poll(NULL, 0, (int)top->args->delay_ms);
        rc = look(top, &err);
    }
    if (rc < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (top->args->common.json)
        show_json(top);
    else
        show(top, table_terminal_width(stdout));
    return STATUS_OK;
}

/* -------------------------------------------------------------------- live */

/* False: it is enough. */
static bool take_key(struct top *top, char key)
{
    if (key == 'c')
        top->args->order = TOP_BY_CPU;
    else if (key == 'm')
        top->args->order = TOP_BY_MEMORY;
    else if (key == 'j')
        top->args->order = TOP_BY_JOB;
    else if (key == 's')
        top->args->has_steps = !top->args->has_steps;
    return key != 'q' && key != 4;
}

static void draw(const struct top *top, const char *trouble)
{
    printf("\033[H\033[J");
    if (top->jobs)
        printf("%zu jobs run   q quit  s steps  c cpu  m memory  j job\n",
               top->jobs->n_jobs);
    if (trouble)
        printf("%s\n", trouble);
    else
        show(top, table_terminal_width(stdout));
    (void)fflush(stdout);
}

/* Wait for a key or a signal, at most one delay: 1 look again, 0 draw again, -1 end. */
static int wait_for_key(struct top *top, int signal_fd, int *status)
{
    struct pollfd fds[2] = {{.fd = signal_fd, .events = POLLIN},
                            {.fd = STDIN_FILENO, .events = POLLIN}};
    char key;

    if (poll(fds, 2, (int)top->args->delay_ms) == 0)
        return 1;
    if (fds[0].revents) {
        int signo = step_signals_next(signal_fd);

        if (signo == SIGWINCH || signo == 0)
            return 0;
        *status = 128 + signo;
        return -1;
    }
    if (fds[1].revents && (read(STDIN_FILENO, &key, 1) != 1 || !take_key(top, key)))
        return -1;
    return 0;
}

static int show_live(struct top *top)
{
    int signal_fd = step_signals_open(true), next = 1, status = STATUS_OK;

    (void)tty_keys(STDIN_FILENO);
    while (next >= 0) {
        struct berth_err err;
        bool failed = next > 0 && look(top, &err) < 0;

        draw(top, failed ? err.text : NULL);
        next = wait_for_key(top, signal_fd, &status);
    }
    tty_restore();
    (void)close(signal_fd);
    return status;
}

static bool is_pods(const char *word)
{
    return strcmp(word, "pods") == 0 || strcmp(word, "pod") == 0 ||
           strcmp(word, "po") == 0;
}

static int show_pods(struct top_args *args, int n, char **names)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(strv_freep) char **list = NULL;

    for (int i = 0; i < n; i++)
        strv_add(&list, names[i]);
    args->pods.names = list;
    args->pods.json = args->common.json;
    args->pods.delay_ms = args->delay_ms;
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    return top_pods(berth, &args->pods);
}

int cmd_top(int argc, char **argv)
{
    struct top_args args = {.delay_ms = 2000};
    cleanup(job_names_fini) struct job_names names = {0};
    struct top top = {.args = &args, .names = &names};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next < argc && is_pods(argv[next]))
        return show_pods(&args, argc - next - 1, argv + next + 1);
    if (args.pods.by_container || args.pods.scope.selector ||
        args.pods.scope.name_space) {
        say_error("%s: of pods only: 'berth top pods'",
                  args.pods.by_container     ? "--containers"
                  : args.pods.scope.selector ? "--selector"
                                             : "--namespace");
        return STATUS_USAGE;
    }
    if (job_names_parse(argc - next, argv + next, &names) < 0)
        return STATUS_USAGE;
    if (link_open(args.common.config, &top.berth) < 0)
        return STATUS_FAILED;
    if (args.once || args.common.json || !isatty(STDIN_FILENO) ||
        !isatty(STDOUT_FILENO))
        status = show_once(&top);
    else
        status = show_live(&top);
    top_sample_fini(&top.sample);
    berth_free(top.jobs);
    berth_close(top.berth);
    return status;
}
