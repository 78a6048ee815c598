/* SPDX-License-Identifier: Apache-2.0
 *
 * spawn.c - tasks that ask for more tasks
 *
 * The lead starts them as a step of its own; its servers learn from 'spawn_data' what
 * libpmix was told about it.
 */
#include "server.h"

#include <stdlib.h>
#include <string.h>

struct spawn {
    pmix_spawn_cbfunc_t cbfunc;
    void *cbdata;
};

static void on_answer(const struct berth_mpi_answer *answer, void *ctx)
{
    struct spawn *spawn = ctx;
    pmix_nspace_t nspace;
    pmix_status_t status = status_of_errno(answer->status);
    PMIX_LOAD_NSPACE(nspace, answer->nspace);
    if (status != PMIX_SUCCESS && status != PMIX_ERR_TIMEOUT)
        status = PMIX_ERR_JOB_FAILED_TO_LAUNCH;
    spawn->cbfunc(status, nspace, spawn->cbdata);
    free(spawn);
}

/* What an application may ask of its start. The rest is advice, and skipped. */
static const char *const known[] = {PMIX_HOST,
                                    PMIX_ADD_HOST,
                                    PMIX_WDIR,
                                    PMIX_SET_SESSION_CWD,
                                    PMIX_MAPBY,
                                    PMIX_RANKBY,
                                    PMIX_BINDTO,
                                    PMIX_PERSONALITY,
                                    PMIX_FWD_STDOUT,
                                    PMIX_FWD_STDERR,
                                    PMIX_NON_PMI,
                                    PMIX_TIMEOUT,
                                    PMIX_SPAWN_TOOL,
                                    PMIX_NOTIFY_COMPLETION,
                                    PMIX_NOTIFY_PROC_TERMINATION,
                                    PMIX_PARENT_ID,
                                    PMIX_REQUESTOR_IS_CLIENT,
                                    NULL};

static const char *text_of(const pmix_info_t info[], size_t n, const char *key)
{
    const pmix_value_t *value = infos_find(info, n, key);
    return value && value->type == PMIX_STRING ? value->data.string : NULL;
}

/* Programs as the host wants them, and what they borrow. */
struct programs {
    struct berth_mpi_app *v;
    char *(*only)[2]; /* argv of those that have a command alone */
};

static pmix_status_t fill(struct programs *programs, const pmix_app_t apps[], size_t n,
                          const pmix_info_t info[], size_t n_info)
{
    programs->v = calloc(n, sizeof(*programs->v));
    programs->only = calloc(n, sizeof(*programs->only));
    if (!programs->v || !programs->only)
        return PMIX_ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        struct berth_mpi_app *app = &programs->v[i];
        const char *wdir = text_of(apps[i].info, apps[i].ninfo, PMIX_WDIR);
        pmix_status_t rc = infos_check(apps[i].info, apps[i].ninfo, known);
        if (rc != PMIX_SUCCESS)
            return rc;
        programs->only[i][0] = apps[i].cmd;
        app->argv =
            (const char *const *)(apps[i].argv && apps[i].argv[0] ? apps[i].argv
                                                                  : programs->only[i]);
        app->env = (const char *const *)apps[i].env;
        app->cwd = wdir ? wdir : apps[i].cwd;
        app->n_tasks = apps[i].maxprocs > 0 ? (uint32_t)apps[i].maxprocs : 1;
        app->hosts = text_of(apps[i].info, apps[i].ninfo, PMIX_HOST);
        if (!app->hosts)
            app->hosts = text_of(info, n_info, PMIX_HOST);
        if (!app->argv[0])
            return PMIX_ERR_BAD_PARAM;
    }
    return PMIX_SUCCESS;
}

pmix_status_t spawn_step(const pmix_proc_t *proc, const pmix_info_t info[],
                         size_t n_info, const pmix_app_t apps[], size_t n_apps,
                         pmix_spawn_cbfunc_t cbfunc, void *cbdata)
{
    struct programs programs = {0};
    pmix_data_buffer_t buffer;
    struct spawn *spawn = malloc(sizeof(*spawn));
    PMIX_DATA_BUFFER_CONSTRUCT(&buffer);
    pmix_status_t rc = spawn && n_apps ? PMIX_SUCCESS : PMIX_ERR_BAD_PARAM;
    if (rc == PMIX_SUCCESS)
        rc = infos_check(info, n_info, known);
    if (rc == PMIX_SUCCESS)
        rc = fill(&programs, apps, n_apps, info, n_info);
    if (rc == PMIX_SUCCESS)
        rc = infos_pack(&buffer, info, n_info);
    if (rc == PMIX_SUCCESS) {
        *spawn = (struct spawn){cbfunc, cbdata};
        rc = ask(&(struct berth_mpi_call){.verb = BERTH_MPI_SPAWN,
                                          .rank = proc->rank,
                                          .apps = programs.v,
                                          .n_apps = n_apps,
                                          .data = buffer.base_ptr,
                                          .len = buffer.bytes_used},
                 infos_timeout(info, n_info), on_answer, spawn);
    }
    if (rc != PMIX_SUCCESS)
        free(spawn);
    PMIX_DATA_BUFFER_DESTRUCT(&buffer);
    free(programs.only);
    free(programs.v);
    return rc;
}
