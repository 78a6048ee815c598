/* SPDX-License-Identifier: Apache-2.0
 *
 * connect.c - what processes of several steps do together
 *
 * Fences across steps, connect, disconnect and groups are gathers of the lead, which
 * tells each node of the other steps first.
 */
#include "server.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static pmix_status_t gather(const uint8_t id[16], const pmix_proc_t procs[],
                            size_t n_procs, const void *data, size_t len, int timeout,
                            pending_answered answered, void *ctx)
{
    struct berth_mpi_proc *list = procs_for_host(procs, n_procs);
    struct berth_mpi_call call = {.verb = BERTH_MPI_GATHER,
                                  .procs = list,
                                  .n_procs = n_procs,
                                  .data = data,
                                  .len = len};
    if (!list)
        return PMIX_ERR_NOMEM;
    memcpy(call.id, id, sizeof(call.id));
    pmix_status_t rc = ask(&call, timeout, answered, ctx);
    free(list);
    return rc;
}

/* -------------------------------------------------------------------- fence */

struct crossing {
    pmix_modex_cbfunc_t cbfunc;
    void *cbdata;
};

static void on_fence(const struct berth_mpi_answer *answer, void *ctx)
{
    struct crossing *crossing = ctx;
    char *copy = answer->len ? malloc(answer->len) : NULL;
    if (copy)
        memcpy(copy, answer->data, answer->len);
    crossing->cbfunc(status_of_errno(answer->status), copy, copy ? answer->len : 0,
                     crossing->cbdata, free, copy);
    free(crossing);
}

pmix_status_t fence_across(const uint8_t id[16], const pmix_proc_t procs[],
                           size_t n_procs, int timeout, char *data, size_t len,
                           pmix_modex_cbfunc_t cbfunc, void *cbdata)
{
    struct crossing *crossing = malloc(sizeof(*crossing));
    if (!crossing)
        return PMIX_ERR_NOMEM;
    *crossing = (struct crossing){cbfunc, cbdata};
    pmix_status_t rc =
        gather(id, procs, n_procs, data, len, timeout, on_fence, crossing);
    if (rc == PMIX_SUCCESS)
        free(data);
    else
        free(crossing);
    return rc;
}

/* ------------------------------------------------------- connect, disconnect */

static const char *const known[] = {PMIX_TIMEOUT, PMIX_ALL_CLONES_PARTICIPATE, NULL};

static pmix_status_t together(const char *what, const pmix_proc_t procs[],
                              size_t n_procs, const pmix_info_t info[], size_t n_info,
                              pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    uint8_t id[16];
    pmix_status_t rc = infos_check(info, n_info, known);
    if (rc == PMIX_SUCCESS)
        rc = procs_hash(what, procs, n_procs, id);
    struct operation *operation = NULL;
    if (rc == PMIX_SUCCESS && !(operation = operation_create(cbfunc, cbdata)))
        rc = PMIX_ERR_NOMEM;
    if (rc == PMIX_SUCCESS)
        rc = gather(id, procs, n_procs, NULL, 0, infos_timeout(info, n_info),
                    operation_answered, operation);
    if (rc != PMIX_SUCCESS)
        free(operation);
    return rc;
}

pmix_status_t connect_steps(const pmix_proc_t procs[], size_t n_procs,
                            const pmix_info_t info[], size_t n_info,
                            pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    return together("connect", procs, n_procs, info, n_info, cbfunc, cbdata);
}

pmix_status_t disconnect_steps(const pmix_proc_t procs[], size_t n_procs,
                               const pmix_info_t info[], size_t n_info,
                               pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    return together("disconnect", procs, n_procs, info, n_info, cbfunc, cbdata);
}

/* ------------------------------------------------------------------- groups */

struct group {
    pmix_info_cbfunc_t cbfunc;
    void *cbdata;
    bool wants_id;
};

static void on_group(const struct berth_mpi_answer *answer, void *ctx)
{
    struct group *group = ctx;
    struct infos infos = {0};
    /* From the top: the small numbers are those that MPI libraries give themselves. */
    size_t id = UINT32_MAX - (size_t)answer->serial;
    if (group->wants_id && answer->status == 0)
        infos_put(&infos, PMIX_GROUP_CONTEXT_ID, &id, PMIX_SIZE);
    if (answer->len && answer->status == 0) {
        pmix_byte_object_t bytes = {.bytes = (char *)(uintptr_t)answer->data,
                                    .size = answer->len};
        infos_put(&infos, PMIX_GROUP_ENDPT_DATA, &bytes, PMIX_BYTE_OBJECT);
    }
    infos_answer(group->cbfunc, group->cbdata, status_of_errno(answer->status), &infos);
    infos_fini(&infos);
    free(group);
}

static pmix_status_t name_group(const char *name, pmix_group_operation_t op,
                                const pmix_proc_t procs[], size_t n_procs,
                                uint8_t ret_id[16])
{
    char *what = NULL;
    if (asprintf(&what, "group %d %s", (int)op, name ? name : "") < 0)
        return PMIX_ERR_NOMEM;
    pmix_status_t rc = procs_hash(what, procs, n_procs, ret_id);
    free(what);
    return rc;
}

pmix_status_t group_operation(pmix_group_operation_t op, char name[],
                              const pmix_proc_t procs[], size_t n_procs,
                              const pmix_info_t info[], size_t n_info,
                              pmix_info_cbfunc_t cbfunc, void *cbdata)
{
    const pmix_value_t *endpoints = infos_find(info, n_info, PMIX_GROUP_ENDPT_DATA);
    const pmix_byte_object_t *bytes =
        endpoints && endpoints->type == PMIX_BYTE_OBJECT ? &endpoints->data.bo : NULL;
    uint8_t id[16];
    struct group *group = malloc(sizeof(*group));
    pmix_status_t rc =
        group ? name_group(name, op, procs, n_procs, id) : PMIX_ERR_NOMEM;
    if (rc == PMIX_SUCCESS) {
        *group = (struct group){cbfunc, cbdata,
                                infos_flag(info, n_info, PMIX_GROUP_ASSIGN_CONTEXT_ID)};
        rc = gather(id, procs, n_procs, bytes ? bytes->bytes : NULL,
                    bytes ? bytes->size : 0, infos_timeout(info, n_info), on_group,
                    group);
    }
    if (rc != PMIX_SUCCESS)
        free(group);
    return rc;
}
