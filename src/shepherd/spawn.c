/* SPDX-License-Identifier: Apache-2.0
 *
 * spawn.c - steps that tasks of other steps ask for
 *
 * A spawned step shares its parent's cores, so it never waits for them. Both are one
 * program: what it writes goes to the parent's client, the parent is over when it is,
 * and a signal for the one is for the other.
 */
#include "shepherd/switchboard.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "shepherd/runs.h"
#include "wire/pack.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ request */

/* Texts that are empty may be protobuf's own. */
static void clear_text(char **text)
{
    if ((*text)[0])
        (*text)[0] = '\0';
}

static void set_text(char **text, const char *value)
{
    if ((*text)[0])
        free(*text);
    *text = xstrdup(value);
}

/* Those of the parent's wishes that were for its own place and streams. */
static void drop_wishes(Berth__StepSpec *spec)
{
    char **texts[] = {&spec->nodelist, &spec->exclude,       &spec->gpus,
                      &spec->gres,     &spec->gpus_per_node, &spec->gpus_per_task,
                      &spec->name,     &spec->dependency,    &spec->output,
                      &spec->error,    &spec->input};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        clear_text(texts[i]);
    set_text(&spec->bind, "none");
    for (size_t i = 0; i < spec->n_programs; i++)
        free_message(spec->programs[i]);
    free(spec->programs);
    spec->programs = NULL;
    spec->n_programs = 0;
    free_message(take(spec->files));
    free_message(take(spec->bag));
    free_message(take(spec->terminal));
    spec->nodes = spec->nodes_min = spec->relative = spec->tasks_per_node = 0;
    spec->cpus_per_task = 1;
    spec->mem_per_node = spec->mem_per_cpu = 0;
    spec->exact = spec->immediate = spec->mem_all = false;
    spec->no_stdin = true;
    spec->overlap = spec->overcommit = true;
}

static void free_strings(char **v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(v[i]);
    free(v);
}

static void take_apps(Berth__StepSpec *spec, const Berth__MpiCall *call)
{
    struct strbuf hosts = STRBUF_INIT;

    for (size_t i = 0; i < spec->n_apps; i++)
        free_message(spec->apps[i]);
    free(spec->apps);
    spec->n_apps = call->n_apps;
    spec->apps = xcalloc(call->n_apps, sizeof(*spec->apps));
    spec->tasks = 0;
    for (size_t i = 0; i < call->n_apps; i++) {
        spec->apps[i] = copy_message(&call->apps[i]->base);
        spec->tasks += call->apps[i]->tasks;
        if (call->apps[i]->hosts[0])
            strbuf_printf(&hosts, "%s%s", hosts.len ? "," : "", call->apps[i]->hosts);
    }
    if (hosts.len)
        set_text(&spec->nodelist, hosts.s);
    strbuf_fini(&hosts);
    free_strings(spec->argv, spec->n_argv);
    spec->n_argv = spec->apps[0]->n_argv;
    spec->argv = xcalloc(spec->n_argv, sizeof(*spec->argv));
    for (size_t i = 0; i < spec->n_argv; i++)
        spec->argv[i] = xstrdup(spec->apps[0]->argv[i]);
}

static Berth__StepSpec *make_spec(const struct run *parent, const Berth__MpiCall *call)
{
    Berth__StepSpec *spec = copy_message(&parent->spec->base);
    struct description of_parent;

    drop_wishes(spec);
    take_apps(spec, call);
    describe_init(&of_parent, parent);
    free_message(spec->parent);
    spec->parent = copy_message(&of_parent.msg.base);
    describe_fini(&of_parent);
    spec->parent_rank = call->rank;
    free(spec->spawn_data.data);
    spec->spawn_data.len = call->data.len;
    spec->spawn_data.data =
        call->data.len ? xmemdup(call->data.data, call->data.len) : NULL;
    /* A directory that keeps what is written, and a name, are one container's. */
    if (spec->container) {
        clear_text(&spec->container->overlay);
        clear_text(&spec->container->name);
    }
    return spec;
}

static const char *what_is_wrong(const struct run *parent, const Berth__MpiCall *call)
{
    if (parent->lead->is_ending || parent->is_killed)
        return "the job is ending";
    if (!call->n_apps)
        return "nothing to start";
    for (size_t i = 0; i < call->n_apps; i++)
        if (!call->apps[i]->n_argv || !call->apps[i]->tasks)
            return "a program without a name or tasks";
    return NULL;
}

void spawn_request(struct run *parent, const Berth__MpiCall *call)
{
    struct lead *lead = parent->lead;
    const char *wrong = what_is_wrong(parent, call);
    struct run *run;

    if (wrong) {
        switchboard_refuse(parent, call->from_index, call->cookie, EINVAL, wrong);
        return;
    }
    run = xcalloc(1, sizeof(*run));
    run->lead = lead;
    run->spec = make_spec(parent, call);
    run->is_spawned = true;
    run->parent_step = parent->launch.step_id;
    run->parent_index = call->from_index;
    run->request = call->cookie;
    berth__launch_step__init(&run->launch);
    /* Nobody may be before it: its parent waits, and holds what they wait for. */
    run->launch.step_id = lead->next_step++;
    run->next = lead->runs;
    lead->runs = run;
    runs_start_waiting(lead);
}

/* ------------------------------------------------------------------- answer */

static struct run *parent_of(const struct run *run)
{
    return run->is_spawned ? run_by_id(run->lead, run->parent_step) : NULL;
}

void spawn_started(struct run *run)
{
    const struct run *parent = parent_of(run);
    Berth__MpiAnswer answer = BERTH__MPI_ANSWER__INIT;
    struct description own;
    Berth__MpiNamespace *met[1];

    if (!parent || run->is_answered)
        return;
    run->is_answered = true;
    describe_init(&own, run);
    met[0] = &own.msg;
    answer.met = met;
    answer.n_met = 1;
    answer.nspace = own.nspace;
    switchboard_answer(parent, run->parent_index, run->request, &answer);
    describe_fini(&own);
}

void spawn_refused(struct run *run, const struct err *err)
{
    const struct run *parent = parent_of(run);

    if (parent && !run->is_answered)
        switchboard_refuse(parent, run->parent_index, run->request, err->code,
                           err->text);
    run->is_answered = true;
}

/* ------------------------------------------------------------------- family */

static struct run *next_child(const struct run *parent, struct run *run)
{
    while (run && (!run->is_spawned || run->parent_step != parent->launch.step_id))
        run = run->next;
    return run;
}

static bool went_wrong(const struct run *run)
{
    return run->is_killed || run->exit_code || run->exit_signal;
}

static struct run *living_child(const struct run *run)
{
    struct run *child = next_child(run, run->lead->runs);

    while (child && child->is_killed)
        child = next_child(run, child->next);
    return child;
}

void spawn_signal(struct run *run, int signo, bool kill)
{
    struct run *child;

    if (!run->is_placed)
        return;
    /* A kill may free the child at once. */
    while (kill && (child = living_child(run)))
        run_signal(child, signo, true);
    for (child = next_child(run, run->lead->runs); child && !kill;
         child = next_child(run, child->next)) {
        run_signal(child, signo, false);
        spawn_signal(child, signo, false);
    }
}

bool spawn_keeps(struct run *run)
{
    if (!run->is_placed)
        return false;
    if (!run->is_over && went_wrong(run))
        spawn_signal(run, SIGKILL, true);
    run->is_over = true;
    return next_child(run, run->lead->runs) != NULL;
}

void spawn_ended(struct lead *lead, uint32_t parent_step, int exit_code,
                 int exit_signal, const char *words)
{
    struct run *parent = run_by_id(lead, parent_step);
    bool went_well = !exit_code && !exit_signal;

    if (!parent)
        return;
    if (!went_well && !parent->is_killed) {
        if (!parent->exit_code && !parent->exit_signal) {
            parent->exit_code = exit_code;
            parent->exit_signal = exit_signal;
        }
        if (words)
            run_fail(parent, words);
        if (parent->spec->kill_on_bad_exit && !parent->is_over)
            run_signal(parent, SIGKILL, true);
    }
    if (parent->is_over && !next_child(parent, lead->runs))
        run_end(parent);
}

struct conn *spawn_client(const struct run *run, uint32_t *rank)
{
    while (run && run->is_spawned) {
        *rank = run->spec->parent_rank;
        run = parent_of(run);
    }
    return run ? run->client : NULL;
}
