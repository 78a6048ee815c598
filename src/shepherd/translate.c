/* SPDX-License-Identifier: Apache-2.0
 *
 * translate.c - what MPI plugins say, as messages, and back
 */
#include "shepherd/translate.h"

#include "base/mem.h"
#include "base/strv.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nspace_format(char out[NSPACE_MAX], uint32_t job, uint32_t step,
                   const ProtobufCBinaryData *secret)
{
    int n = snprintf(out, NSPACE_MAX, "berth.%u.%u.", job, step);

    for (size_t i = 0; i < secret->len && (size_t)n + 2 < NSPACE_MAX; i++)
        n += snprintf(out + n, NSPACE_MAX - (size_t)n, "%02x", secret->data[i]);
}

int flat_init(struct flat *flat, const char *nspace, Berth__StepNode *const *nodes,
              size_t n_nodes, struct err *err)
{
    uint32_t n_tasks = 0;

    for (size_t i = 0; i < n_nodes; i++)
        n_tasks += (uint32_t)nodes[i]->n_ranks;
    *flat = (struct flat){0};
    flat->nodes = xcalloc(n_nodes + 1, sizeof(*flat->nodes));
    flat->rank_node = xcalloc(n_tasks + 1, sizeof(*flat->rank_node));
    for (size_t i = 0; i < n_nodes; i++) {
        flat->nodes[i] = nodes[i]->node;
        for (size_t r = 0; r < nodes[i]->n_ranks; r++) {
            if (nodes[i]->ranks[r] >= n_tasks)
                return err_set(err, EINVAL, "a step with a hole in its ranks");
            flat->rank_node[nodes[i]->ranks[r]] = (uint32_t)i;
        }
    }
    flat->of = (struct berth_mpi_nspace){.nspace = nspace,
                                         .n_nodes = (uint32_t)n_nodes,
                                         .nodes = flat->nodes,
                                         .n_tasks = n_tasks,
                                         .rank_node = flat->rank_node};
    return 0;
}

void flat_fini(struct flat *flat)
{
    free(flat->nodes);
    free(flat->rank_node);
    *flat = (struct flat){0};
}

void programs_fini(struct programs *programs)
{
    for (uint32_t i = 0; i < programs->n; i++)
        strv_free(programs->owned[i]);
    free(programs->owned);
    free(programs->argv);
    free(programs->first);
}

void programs_init(struct programs *programs, const Berth__StepSpec *spec)
{
    uint32_t first = 0;
    size_t n = spec->n_apps ? spec->n_apps : 1;

    programs->n = (uint32_t)n;
    programs->first = xcalloc(n, sizeof(*programs->first));
    programs->argv = xcalloc(n, sizeof(*programs->argv));
    programs->owned = xcalloc(n, sizeof(*programs->owned));
    for (size_t i = 0; i < n; i++) {
        char *const *argv = spec->n_apps ? spec->apps[i]->argv : spec->argv;
        size_t n_argv = spec->n_apps ? spec->apps[i]->n_argv : spec->n_argv;

        for (size_t a = 0; a < n_argv; a++)
            strv_add(&programs->owned[i], argv[a]);
        programs->argv[i] = (const char *const *)programs->owned[i];
        programs->first[i] = first;
        first += spec->n_apps ? spec->apps[i]->tasks : 0;
    }
}

/* -------------------------------------------------------------------- calls */

static char *copy_text(const char *text)
{
    return xstrdup(text ? text : "");
}

static void copy_bytes(ProtobufCBinaryData *to, const void *data, size_t len)
{
    to->data = len ? xmemdup(data, len) : NULL;
    to->len = len;
}

static char **copy_strings(const char *const *v, size_t *ret_n)
{
    size_t n = 0;
    char **copy;

    while (v && v[n])
        n++;
    *ret_n = n;
    copy = n ? xcalloc(n, sizeof(*copy)) : NULL;
    for (size_t i = 0; i < n; i++)
        copy[i] = xstrdup(v[i]);
    return copy;
}

static Berth__MpiApp *copy_app(const struct berth_mpi_app *app)
{
    Berth__MpiApp *copy = xmalloc(sizeof(*copy));

    berth__mpi_app__init(copy);
    copy->argv = copy_strings(app->argv, &copy->n_argv);
    copy->env = copy_strings(app->env, &copy->n_env);
    copy->cwd = copy_text(app->cwd);
    copy->hosts = copy_text(app->hosts);
    copy->tasks = app->n_tasks;
    return copy;
}

static void copy_procs(Berth__MpiCall *msg, const struct berth_mpi_call *call)
{
    msg->procs = call->n_procs ? xcalloc(call->n_procs, sizeof(*msg->procs)) : NULL;
    msg->n_procs = call->n_procs;
    for (size_t i = 0; i < call->n_procs; i++) {
        msg->procs[i] = xmalloc(sizeof(*msg->procs[i]));
        berth__mpi_proc__init(msg->procs[i]);
        msg->procs[i]->nspace = copy_text(call->procs[i].nspace);
        msg->procs[i]->rank = call->procs[i].rank;
    }
}

Berth__MpiCall *call_to_wire(const struct berth_mpi_call *call, uint32_t index)
{
    Berth__MpiCall *msg = xmalloc(sizeof(*msg));

    berth__mpi_call__init(msg);
    msg->verb = call->verb;
    msg->cookie = call->cookie;
    msg->from_index = index;
    msg->rank = call->rank;
    msg->key = copy_text(call->key);
    msg->range = call->range;
    msg->lifetime = call->lifetime;
    msg->wait = call->wait != 0;
    if (call->verb == BERTH_MPI_GATHER)
        copy_bytes(&msg->id, call->id, sizeof(call->id));
    copy_procs(msg, call);
    msg->apps = call->n_apps ? xcalloc(call->n_apps, sizeof(*msg->apps)) : NULL;
    msg->n_apps = call->n_apps;
    for (size_t i = 0; i < call->n_apps; i++)
        msg->apps[i] = copy_app(&call->apps[i]);
    msg->signo = call->signo;
    msg->nspace = copy_text(call->nspace);
    copy_bytes(&msg->data, call->data, call->len);
    return msg;
}

/* ------------------------------------------------------------------ answers */

static size_t count_procs(const Berth__MpiAnswer *msg)
{
    size_t n = 0;

    for (size_t i = 0; i < msg->n_jobs; i++)
        n += msg->jobs[i]->n_procs;
    return n;
}

static void fill_proc(struct berth_mpi_proc_info *to, const Berth__MpiProcInfo *from)
{
    *to = (struct berth_mpi_proc_info){.rank = from->rank,
                                       .node = from->node,
                                       .pid = from->pid,
                                       .state = (enum berth_mpi_state)from->state,
                                       .status = from->status};
}

static void fill_answer(struct berth_mpi_answer *to, const Berth__MpiAnswer *msg)
{
    *to = (struct berth_mpi_answer){.cookie = msg->cookie,
                                    .status = msg->status,
                                    .words = msg->words,
                                    .data = msg->data.data,
                                    .len = msg->data.len,
                                    .serial = msg->serial,
                                    .nspace = msg->nspace};
}

int answer_from_wire(const Berth__MpiAnswer *msg, struct translated *ret,
                     struct err *err)
{
    struct berth_mpi_proc_info *proc;
    int rc = 0;

    *ret = (struct translated){0};
    fill_answer(&ret->answer, msg);
    ret->jobs = xcalloc(msg->n_jobs + 1, sizeof(*ret->jobs));
    ret->flats = xcalloc(msg->n_jobs + 1, sizeof(*ret->flats));
    ret->procs = proc = xcalloc(count_procs(msg) + 1, sizeof(*ret->procs));
    ret->answer.jobs = ret->jobs;
    for (size_t i = 0; i < msg->n_jobs && !rc; i++) {
        const Berth__MpiNamespace *from = msg->jobs[i];
        struct berth_mpi_job_info *job = &ret->jobs[ret->answer.n_jobs++];

        rc = flat_init(&ret->flats[i], from->nspace, from->nodes, from->n_nodes, err);
        *job = (struct berth_mpi_job_info){.of = ret->flats[i].of,
                                           .command = from->command,
                                           .step = from->step_id,
                                           .is_running = from->is_running,
                                           .procs = proc,
                                           .n_procs = from->n_procs};
        for (size_t p = 0; p < from->n_procs; p++)
            fill_proc(proc++, from->procs[p]);
    }
    return rc;
}

void answer_fini(struct translated *translated)
{
    for (size_t i = 0; i < translated->answer.n_jobs; i++)
        flat_fini(&translated->flats[i]);
    free(translated->flats);
    free(translated->jobs);
    free(translated->procs);
    *translated = (struct translated){0};
}
