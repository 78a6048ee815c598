/* SPDX-License-Identifier: Apache-2.0
 *
 * switchboard.c - what MPI plugins ask of the lead, and say to other steps
 */
#include "shepherd/switchboard.h"

#include "base/mem.h"
#include "shepherd/runs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------- steps */

struct run *switchboard_find(struct lead *lead, const char *nspace)
{
    char name[NSPACE_MAX];

    for (struct run *run = lead->runs; run; run = run->next) {
        if (!run->is_launched)
            continue;
        nspace_format(name, lead->sh->job, run->launch.step_id, &run->launch.secret);
        if (strcmp(name, nspace) == 0)
            return run;
    }
    return NULL;
}

/* "" is the asking step itself. */
static struct run *step_meant(struct run *run, const char *nspace)
{
    return nspace[0] ? switchboard_find(run->lead, nspace) : run;
}

void describe_init(struct description *d, const struct run *run)
{
    size_t n = run->launch.n_nodes;

    berth__mpi_namespace__init(&d->msg);
    nspace_format(d->nspace, run->lead->sh->job, run->launch.step_id,
                  &run->launch.secret);
    d->nodes = xcalloc(n + 1, sizeof(*d->nodes));
    d->pointers = xcalloc(n + 1, sizeof(*d->pointers));
    for (size_t i = 0; i < n; i++) {
        berth__step_node__init(&d->nodes[i]);
        d->nodes[i].node = run->launch.nodes[i]->node;
        d->nodes[i].ranks = run->launch.nodes[i]->ranks;
        d->nodes[i].n_ranks = run->launch.nodes[i]->n_ranks;
        d->pointers[i] = &d->nodes[i];
    }
    d->msg.nspace = d->nspace;
    d->msg.step_id = run->launch.step_id;
    d->msg.nodes = d->pointers;
    d->msg.n_nodes = n;
    d->msg.command = run->spec->n_argv ? run->spec->argv[0] : run->spec->name;
    d->msg.is_running = run->root != NULL;
}

void describe_fini(struct description *d)
{
    free(d->nodes);
    free(d->pointers);
}

static void send_down(const struct run *run, Berth__Envelope *env)
{
    if (run->root)
        channel_send(run->root->ch, env);
}

void switchboard_answer(const struct run *run, uint32_t index, uint64_t cookie,
                        Berth__MpiAnswer *answer)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    answer->to_index = index;
    answer->cookie = cookie;
    env.body_case = BERTH__ENVELOPE__BODY_MPI_ANSWER;
    env.mpi_answer = answer;
    send_down(run, &env);
}

void switchboard_refuse(const struct run *run, uint32_t index, uint64_t cookie,
                        int status, const char *words)
{
    Berth__MpiAnswer answer = BERTH__MPI_ANSWER__INIT;

    answer.status = status;
    if (words)
        answer.words = (char *)(uintptr_t)words;
    switchboard_answer(run, index, cookie, &answer);
}

/* -------------------------------------------------------------------- names */

static struct names_who asker(const struct run *run, const Berth__MpiCall *call)
{
    return (struct names_who){.plugin = run->spec->mpi,
                              .node = run->launch.nodes[call->from_index]->node,
                              .step = run->launch.step_id,
                              .index = call->from_index,
                              .rank = call->rank};
}

static void on_found(void *ctx, uint32_t step, uint32_t index, uint64_t cookie,
                     const void *data, size_t len)
{
    struct switchboard *board = ctx;
    const struct run *run = run_by_id(board->lead, step);
    Berth__MpiAnswer answer = BERTH__MPI_ANSWER__INIT;

    answer.data.data = (uint8_t *)(uintptr_t)data;
    answer.data.len = len;
    if (run)
        switchboard_answer(run, index, cookie, &answer);
}

static void publish(struct switchboard *board, struct run *run,
                    const Berth__MpiCall *call)
{
    struct names_who who = asker(run, call);
    int rc = names_publish(
        board->names, &who, call->key, (enum berth_mpi_range)call->range,
        (enum berth_mpi_lifetime)call->lifetime, call->data.data, call->data.len);

    switchboard_refuse(run, call->from_index, call->cookie, -rc, NULL);
}

static void lookup(struct switchboard *board, struct run *run,
                   const Berth__MpiCall *call)
{
    struct names_who who = asker(run, call);
    const void *data = NULL;
    size_t len = 0;
    int rc = names_lookup(board->names, &who, call->key, call->wait, call->cookie,
                          &data, &len);

    if (rc == 0)
        on_found(board, who.step, who.index, call->cookie, data, len);
    else if (rc != -EAGAIN)
        switchboard_refuse(run, call->from_index, call->cookie, -rc, NULL);
}

static void unpublish(struct switchboard *board, struct run *run,
                      const Berth__MpiCall *call)
{
    struct names_who who = asker(run, call);
    int rc = names_unpublish(board->names, &who, call->key[0] ? call->key : NULL);

    switchboard_refuse(run, call->from_index, call->cookie, -rc, NULL);
}

/* ------------------------------------------------------------------- gather */

/* Which nodes of a step take part. */
struct taking {
    const struct run *run;
    struct flat flat;
    bool *nodes;
};

static struct taking *taking_of(struct taking *list, size_t *n, const struct run *run)
{
    struct taking *one = NULL;

    for (size_t i = 0; i < *n; i++)
        if (list[i].run == run)
            return &list[i];
    one = &list[*n];
    if (flat_init(&one->flat, "", run->launch.nodes, run->launch.n_nodes, NULL)) {
        flat_fini(&one->flat);
        return NULL;
    }
    one->run = run;
    one->nodes = xcalloc(run->launch.n_nodes + 1, sizeof(*one->nodes));
    ++*n;
    return one;
}

static int take_proc(struct taking *taking, uint32_t rank)
{
    const struct flat *flat = &taking->flat;

    if (rank != BERTH_MPI_ALL && rank >= flat->of.n_tasks)
        return -EINVAL;
    if (rank != BERTH_MPI_ALL)
        taking->nodes[flat->rank_node[rank]] = true;
    for (uint32_t r = 0; rank == BERTH_MPI_ALL && r < flat->of.n_tasks; r++)
        taking->nodes[flat->rank_node[r]] = true;
    return 0;
}

static size_t list_parts(const struct taking *list, size_t n, struct gather_part *parts)
{
    size_t n_parts = 0;

    for (size_t i = 0; i < n; i++)
        for (uint32_t node = 0; node < list[i].run->launch.n_nodes; node++)
            if (list[i].nodes[node])
                parts[n_parts++] = (struct gather_part){
                    .step = list[i].run->launch.step_id, .index = node};
    return n_parts;
}

static size_t count_steps(const struct lead *lead, size_t *ret_nodes)
{
    size_t n = 0;

    *ret_nodes = 0;
    for (const struct run *run = lead->runs; run; run = run->next) {
        *ret_nodes += run->launch.n_nodes;
        n++;
    }
    return n;
}

/* All nodes that the call's participants are on; 0 of them: not all are there. */
static size_t find_parts(struct run *run, const Berth__MpiCall *call,
                         struct gather_part **ret_parts)
{
    size_t n_nodes, n = 0, n_parts = 0;
    struct taking *list = xcalloc(count_steps(run->lead, &n_nodes), sizeof(*list));
    const struct run *last = NULL;
    struct taking *one = NULL;
    int rc = 0;

    for (size_t i = 0; i < call->n_procs && !rc; i++) {
        const struct run *meant = step_meant(run, call->procs[i]->nspace);

        if (meant && meant != last)
            one = taking_of(list, &n, meant);
        last = meant;
        rc = meant && one ? take_proc(one, call->procs[i]->rank) : -ENOENT;
    }
    *ret_parts = xcalloc(n_nodes + 1, sizeof(**ret_parts));
    if (!rc)
        n_parts = list_parts(list, n, *ret_parts);
    for (size_t i = 0; i < n; i++) {
        flat_fini(&list[i].flat);
        free(list[i].nodes);
    }
    free(list);
    return n_parts;
}

static void gather(struct switchboard *board, struct run *run,
                   const Berth__MpiCall *call)
{
    cleanup(freep) struct gather_part *parts = NULL;
    struct gather_part own = {
        .step = run->launch.step_id, .index = call->from_index, .cookie = call->cookie};
    size_t n = find_parts(run, call, &parts);
    int rc = call->id.len == GATHER_ID_BYTES
                 ? gathers_enter(board->gathers, call->id.data, &own, parts, n,
                                 call->data.data, call->data.len)
                 : -EINVAL;

    if (rc)
        switchboard_refuse(run, call->from_index, call->cookie, n ? -rc : ENOENT, NULL);
}

/* The other steps of a gather, to be told of. */
struct company {
    struct description *list;
    size_t n;
};

static void company_init(struct company *company, struct lead *lead,
                         const struct gather_part *parts, size_t n_parts)
{
    size_t n_nodes;

    company->list = xcalloc(count_steps(lead, &n_nodes) + 1, sizeof(*company->list));
    company->n = 0;
    for (size_t i = 0; i < n_parts; i++) {
        const struct run *run;

        if (i && parts[i].step == parts[i - 1].step)
            continue;
        run = run_by_id(lead, parts[i].step);
        if (run)
            describe_init(&company->list[company->n++], run);
    }
}

static void company_fini(struct company *company)
{
    for (size_t i = 0; i < company->n; i++)
        describe_fini(&company->list[i]);
    free(company->list);
}

static void on_gathered(void *ctx, const struct gather_part *parts, size_t n_parts,
                        int status, uint64_t serial, const void *data, size_t len)
{
    struct switchboard *board = ctx;
    struct company company;
    cleanup(freep) Berth__MpiNamespace **met = NULL;

    company_init(&company, board->lead, parts, n_parts);
    met = xcalloc(company.n + 1, sizeof(*met));
    for (size_t i = 0; i < n_parts; i++) {
        const struct run *run = run_by_id(board->lead, parts[i].step);
        Berth__MpiAnswer answer = BERTH__MPI_ANSWER__INIT;

        if (!parts[i].is_in || !run)
            continue;
        for (size_t c = 0; c < company.n; c++)
            if (company.list[c].msg.step_id != parts[i].step)
                met[answer.n_met++] = &company.list[c].msg;
        answer.met = met;
        answer.status = status;
        answer.serial = serial;
        answer.data.data = status ? NULL : (uint8_t *)(uintptr_t)data;
        answer.data.len = status ? 0 : len;
        switchboard_answer(run, parts[i].index, parts[i].cookie, &answer);
    }
    company_fini(&company);
}

/* ----------------------------------------------------------- signals, input */

static void signal_ranks(const struct run *run, int signo, uint32_t rank)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepSignal msg = BERTH__STEP_SIGNAL__INIT;

    msg.signal = signo;
    msg.ranks = &rank;
    msg.n_ranks = 1;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_SIGNAL;
    env.step_signal = &msg;
    send_down(run, &env);
}

/* A kill of a whole step may be of the one that asks, so answers come first. */
static void send_signals(struct run *run, const Berth__MpiCall *call)
{
    struct lead *lead = run->lead;
    int status = call->n_procs ? 0 : EINVAL;

    if (call->signo < 1 || call->signo >= NSIG)
        status = EINVAL;
    for (size_t i = 0; i < call->n_procs && !status; i++)
        status = step_meant(run, call->procs[i]->nspace) ? 0 : ENOENT;
    switchboard_refuse(run, call->from_index, call->cookie, status, NULL);
    for (size_t i = 0; i < call->n_procs && !status; i++) {
        struct run *meant = call->procs[i]->nspace[0]
                                ? switchboard_find(lead, call->procs[i]->nspace)
                                : run;

        if (meant && call->procs[i]->rank == BERTH_MPI_ALL)
            run_signal(meant, call->signo, call->signo == SIGKILL);
        else if (meant)
            signal_ranks(meant, call->signo, call->procs[i]->rank);
    }
}

/* One input is for all tasks of a step, or for one of them. */
static bool has_input(const struct run *run, uint32_t rank)
{
    const Berth__StepSpec *spec = run->spec;

    if (spec->no_stdin || spec->input[0])
        return false;
    return rank == BERTH_MPI_ALL ||
           (spec->input_to_one ? rank == spec->input_task : spec->tasks == 1);
}

static void give_input(struct run *run, const Berth__MpiCall *call)
{
    int status = call->n_procs ? 0 : EINVAL;

    for (size_t i = 0; i < call->n_procs && !status; i++) {
        struct run *meant = step_meant(run, call->procs[i]->nspace);

        if (!meant)
            status = ENOENT;
        else if (!has_input(meant, call->procs[i]->rank))
            status = EOPNOTSUPP;
        else
            run_plugin_input(meant, call->data.data, call->data.len);
    }
    switchboard_refuse(run, call->from_index, call->cookie, status, NULL);
}

/* ------------------------------------------------------------------ messages */

static void pass_on(struct run *to, const Berth__MpiMessage *msg)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__MpiMessage copy = *msg;

    env.body_case = BERTH__ENVELOPE__BODY_MPI_MESSAGE;
    env.mpi_message = &copy;
    send_down(to, &env);
}

static void take_message(struct run *run, const Berth__MpiMessage *msg)
{
    struct lead *lead = run->lead;
    bool to_all = strcmp(msg->to, "*") == 0;
    struct run *to = to_all ? NULL : switchboard_find(lead, msg->to);

    if (to)
        pass_on(to, msg);
    for (to = lead->runs; to_all && to; to = to->next)
        if (strcmp(to->spec->mpi, run->spec->mpi) == 0)
            pass_on(to, msg);
}

static uint32_t node_of_rank(const struct run *run, uint32_t rank)
{
    for (uint32_t i = 0; i < run->launch.n_nodes; i++)
        for (size_t r = 0; r < run->launch.nodes[i]->n_ranks; r++)
            if (run->launch.nodes[i]->ranks[r] == rank)
                return i;
    return BERTH_MPI_ALL;
}

static void refuse_modex(const struct run *run, const Berth__ModexRequest *request)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ModexReply msg = BERTH__MODEX_REPLY__INIT;

    msg.to_index = request->from_index;
    msg.cookie = request->cookie;
    msg.status = ENOENT;
    env.body_case = BERTH__ENVELOPE__BODY_MODEX_REPLY;
    env.modex_reply = &msg;
    send_down(run, &env);
}

static void take_modex_request(struct run *run, const Berth__ModexRequest *request)
{
    const struct run *to = switchboard_find(run->lead, request->to);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ModexRequest msg = *request;
    char nspace[NSPACE_MAX], nowhere[] = "";

    msg.to_index = to ? node_of_rank(to, request->rank) : BERTH_MPI_ALL;
    if (msg.to_index == BERTH_MPI_ALL || !to->root) {
        refuse_modex(run, request);
        return;
    }
    nspace_format(nspace, run->lead->sh->job, run->launch.step_id, &run->launch.secret);
    msg.from = nspace;
    msg.to = nowhere;
    env.body_case = BERTH__ENVELOPE__BODY_MODEX_REQUEST;
    env.modex_request = &msg;
    send_down(to, &env);
}

static void take_modex_reply(const struct run *run, const Berth__ModexReply *reply)
{
    const struct run *to = switchboard_find(run->lead, reply->to);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ModexReply msg = *reply;
    char nowhere[] = "";

    if (!to)
        return;
    msg.to = nowhere;
    env.body_case = BERTH__ENVELOPE__BODY_MODEX_REPLY;
    env.modex_reply = &msg;
    send_down(to, &env);
}

/* ---------------------------------------------------------------------- all */

static struct switchboard *board_of(struct lead *lead)
{
    struct switchboard *board = lead->switchboard;

    if (board)
        return board;
    board = lead->switchboard = xcalloc(1, sizeof(*board));
    board->lead = lead;
    board->names =
        names_create(&(struct names_actions){.ctx = board, .found = on_found});
    board->gathers =
        gathers_create(&(struct gather_actions){.ctx = board, .done = on_gathered});
    return board;
}

static void take_call(struct run *run, const Berth__MpiCall *call)
{
    struct switchboard *board = board_of(run->lead);

    if (call->from_index >= run->launch.n_nodes)
        return;
    if (call->cancel) {
        names_cancel(board->names, run->launch.step_id, call->from_index, call->cookie);
        return;
    }
    switch ((enum berth_mpi_verb)call->verb) {
    case BERTH_MPI_PUBLISH:
        publish(board, run, call);
        return;
    case BERTH_MPI_LOOKUP:
        lookup(board, run, call);
        return;
    case BERTH_MPI_UNPUBLISH:
        unpublish(board, run, call);
        return;
    case BERTH_MPI_GATHER:
        gather(board, run, call);
        return;
    case BERTH_MPI_SPAWN:
        spawn_request(run, call);
        return;
    case BERTH_MPI_SIGNAL:
        send_signals(run, call);
        return;
    case BERTH_MPI_QUERY:
        inquiry_request(run, call);
        return;
    case BERTH_MPI_INPUT:
        give_input(run, call);
        return;
    }
    switchboard_refuse(run, call->from_index, call->cookie, EOPNOTSUPP, NULL);
}

void switchboard_take(struct run *run, const Berth__Envelope *env)
{
    if (env->body_case == BERTH__ENVELOPE__BODY_MPI_CALL)
        take_call(run, env->mpi_call);
    else if (env->body_case == BERTH__ENVELOPE__BODY_MPI_MESSAGE)
        take_message(run, env->mpi_message);
    else if (env->body_case == BERTH__ENVELOPE__BODY_MODEX_REQUEST)
        take_modex_request(run, env->modex_request);
    else if (env->body_case == BERTH__ENVELOPE__BODY_MODEX_REPLY)
        take_modex_reply(run, env->modex_reply);
    else if (env->body_case == BERTH__ENVELOPE__BODY_MPI_PROCS)
        inquiry_take(run, env->mpi_procs);
}

void switchboard_task_ended(struct run *run, uint32_t rank)
{
    if (run->lead->switchboard)
        names_task_ended(run->lead->switchboard->names, run->launch.step_id, rank);
}

/* Those who met it forget it. */
static void tell_gone(struct run *run)
{
    Berth__MpiAnswer answer = BERTH__MPI_ANSWER__INIT;
    char nspace[NSPACE_MAX];

    nspace_format(nspace, run->lead->sh->job, run->launch.step_id, &run->launch.secret);
    answer.gone = nspace;
    for (const struct run *other = run->lead->runs; other; other = other->next)
        if (other != run && other->root)
            switchboard_answer(other, BERTH_MPI_ALL, 0, &answer);
}

void switchboard_step_ended(struct run *run)
{
    struct switchboard *board = run->lead->switchboard;

    if (!board || !run->is_launched)
        return;
    names_step_ended(board->names, run->launch.step_id);
    gathers_step_ended(board->gathers, run->launch.step_id);
    inquiry_step_ended(run);
    tell_gone(run);
}
