/* SPDX-License-Identifier: Apache-2.0
 *
 * publish.c - values that tasks publish for others: kept by the job's lead
 *
 * One call of libpmix has many keys, one question of ours has one: the answers are
 * counted. What the lead keeps is the publisher's name and the value, packed.
 */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An operation of several questions. */
struct several {
    pthread_mutex_t lock;
    size_t n_missing, n_keys, n_found;
    pmix_status_t status; /* of the first that failed */
    pmix_op_cbfunc_t op_cbfunc;
    pmix_lookup_cbfunc_t lookup_cbfunc;
    void *cbdata;
    pmix_pdata_t *found;
    int timeout;
    struct one {
        struct several *all;
        pmix_key_t key;
    } ones[];
};

static struct several *several_create(size_t n)
{
    struct several *all = calloc(1, sizeof(*all) + (n + 1) * sizeof(all->ones[0]));
    if (!all)
        return NULL;
    pthread_mutex_init(&all->lock, NULL);
    all->n_missing = all->n_keys = n;
    PMIX_PDATA_CREATE(all->found, n + 1);
    return all;
}

static void several_free(struct several *all)
{
    PMIX_PDATA_FREE(all->found, all->n_keys + 1);
    pthread_mutex_destroy(&all->lock);
    free(all);
}

static pmix_status_t outcome(const struct several *all)
{
    if (all->op_cbfunc || all->n_found == all->n_keys)
        return all->status;
    if (all->status != PMIX_SUCCESS && all->status != PMIX_ERR_NOT_FOUND)
        return all->status;
    return all->n_found ? PMIX_ERR_PARTIAL_SUCCESS : PMIX_ERR_NOT_FOUND;
}

static void several_done(struct several *all)
{
    pmix_status_t status = outcome(all);
    if (all->op_cbfunc)
        all->op_cbfunc(status, all->cbdata);
    else
        all->lookup_cbfunc(status, all->found, all->n_found, all->cbdata);
    several_free(all);
}

static void note_status(struct several *all, pmix_status_t status)
{
    if (status != PMIX_SUCCESS && all->status == PMIX_SUCCESS)
        all->status = status;
}

static pmix_status_t read_value(struct several *all, const char *key,
                                const struct berth_mpi_answer *answer)
{
    pmix_pdata_t *pdata = &all->found[all->n_found];
    pmix_data_buffer_t buffer;
    int32_t n = 1;
    buffer_borrow(&buffer, answer->data, answer->len);
    pmix_status_t rc = PMIx_Data_unpack(NULL, &buffer, &pdata->proc, &n, PMIX_PROC);
    if (rc == PMIX_SUCCESS)
        rc = PMIx_Data_unpack(NULL, &buffer, &pdata->value, &n, PMIX_VALUE);
    if (rc != PMIX_SUCCESS)
        return rc;
    PMIX_LOAD_KEY(pdata->key, key);
    all->n_found++;
    return rc;
}

static void on_answer(const struct berth_mpi_answer *answer, void *ctx)
{
    struct one *one = ctx;
    struct several *all = one->all;
    pmix_status_t status = status_of_errno(answer->status);
    pthread_mutex_lock(&all->lock);
    if (status == PMIX_SUCCESS && all->lookup_cbfunc)
        status = read_value(all, one->key, answer);
    note_status(all, status);
    bool is_last = --all->n_missing == 0;
    pthread_mutex_unlock(&all->lock);
    if (answer->status == ETIMEDOUT) {
        const struct server *server = server_now();
        server->host.cancel(server->host.ctx, answer->cookie);
    }
    if (is_last)
        several_done(all);
}

static void ask_one(struct several *all, size_t i, struct berth_mpi_call *call)
{
    struct one *one = &all->ones[i];
    one->all = all;
    if (call->key)
        PMIX_LOAD_KEY(one->key, call->key);
    if (ask(call, all->timeout, on_answer, one) != PMIX_SUCCESS)
        on_answer(&(struct berth_mpi_answer){.status = ENOMEM}, one);
}

/* ------------------------------------------------------------------ publish */

static const char *const directives[] = {PMIX_RANGE,
                                         PMIX_PERSISTENCE,
                                         PMIX_USERID,
                                         PMIX_GRPID,
                                         PMIX_TIMEOUT,
                                         PMIX_WAIT,
                                         PMIX_ACCESS_USERIDS,
                                         PMIX_ACCESS_GRPIDS,
                                         PMIX_ACCESS_PERMISSIONS,
                                         NULL};

static bool is_directive(const pmix_info_t *info)
{
    for (size_t i = 0; directives[i]; i++)
        if (PMIX_CHECK_KEY(info, directives[i]))
            return true;
    return false;
}

static enum berth_mpi_range range_of(const pmix_info_t info[], size_t n)
{
    const pmix_value_t *value = infos_find(info, n, PMIX_RANGE);
    switch (value ? value->data.range : PMIX_RANGE_SESSION) {
    case PMIX_RANGE_LOCAL:
        return BERTH_MPI_RANGE_NODE;
    case PMIX_RANGE_NAMESPACE:
        return BERTH_MPI_RANGE_STEP;
    case PMIX_RANGE_PROC_LOCAL:
        return BERTH_MPI_RANGE_TASK;
    }
    return BERTH_MPI_RANGE_JOB;
}

static enum berth_mpi_lifetime lifetime_of(const pmix_info_t info[], size_t n)
{
    const pmix_value_t *value = infos_find(info, n, PMIX_PERSISTENCE);
    switch (value ? value->data.persist : PMIX_PERSIST_SESSION) {
    case PMIX_PERSIST_FIRST_READ:
        return BERTH_MPI_UNTIL_READ;
    case PMIX_PERSIST_PROC:
        return BERTH_MPI_UNTIL_TASK_ENDS;
    case PMIX_PERSIST_APP:
        return BERTH_MPI_UNTIL_STEP_ENDS;
    }
    return BERTH_MPI_UNTIL_JOB_ENDS;
}

static pmix_status_t pack_value(pmix_data_buffer_t *buffer, const pmix_proc_t *proc,
                                const pmix_info_t *info)
{
    pmix_status_t rc =
        PMIx_Data_pack(NULL, buffer, (pmix_proc_t *)(uintptr_t)proc, 1, PMIX_PROC);
    if (rc == PMIX_SUCCESS)
        rc = PMIx_Data_pack(NULL, buffer, (pmix_value_t *)(uintptr_t)&info->value, 1,
                            PMIX_VALUE);
    return rc;
}

static void publish_one(struct several *all, size_t i, const pmix_proc_t *proc,
                        const pmix_info_t *value, const pmix_info_t info[],
                        size_t n_info)
{
    pmix_data_buffer_t buffer;
    PMIX_DATA_BUFFER_CONSTRUCT(&buffer);
    if (pack_value(&buffer, proc, value) != PMIX_SUCCESS) {
        all->ones[i].all = all;
        on_answer(&(struct berth_mpi_answer){.status = EINVAL}, &all->ones[i]);
    } else {
        ask_one(all, i,
                &(struct berth_mpi_call){.verb = BERTH_MPI_PUBLISH,
                                         .rank = proc->rank,
                                         .key = value->key,
                                         .range = range_of(info, n_info),
                                         .lifetime = lifetime_of(info, n_info),
                                         .data = buffer.base_ptr,
                                         .len = buffer.bytes_used});
    }
    PMIX_DATA_BUFFER_DESTRUCT(&buffer);
}

pmix_status_t publish_values(const pmix_proc_t *proc, const pmix_info_t info[],
                             size_t n_info, pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < n_info; i++)
        n += !is_directive(&info[i]);
    if (n == 0)
        return PMIX_OPERATION_SUCCEEDED;
    struct several *all = several_create(n);
    if (!all)
        return PMIX_ERR_NOMEM;
    all->op_cbfunc = cbfunc;
    all->cbdata = cbdata;
    all->timeout = infos_timeout(info, n_info);
    for (size_t i = 0; i < n_info && at < n; i++)
        if (!is_directive(&info[i]))
            publish_one(all, at++, proc, &info[i], info, n_info);
    return PMIX_SUCCESS;
}

/* ----------------------------------------------------------- look up, take back */

static size_t count_keys(char **keys)
{
    size_t n = 0;
    while (keys && keys[n])
        n++;
    return n;
}

/* PMIX_WAIT says for how many to wait, and 0 or true for all; here all or none. */
pmix_status_t lookup_values(const pmix_proc_t *proc, char **keys,
                            const pmix_info_t info[], size_t n_info,
                            pmix_lookup_cbfunc_t cbfunc, void *cbdata)
{
    size_t n = count_keys(keys);
    if (n == 0)
        return PMIX_ERR_BAD_PARAM;
    pmix_status_t rc = infos_check(info, n_info, directives);
    if (rc != PMIX_SUCCESS)
        return rc;
    struct several *all = several_create(n);
    if (!all)
        return PMIX_ERR_NOMEM;
    const pmix_value_t *wait = infos_find(info, n_info, PMIX_WAIT);
    all->lookup_cbfunc = cbfunc;
    all->cbdata = cbdata;
    all->timeout = infos_timeout(info, n_info);
    for (size_t i = 0; i < n; i++)
        ask_one(all, i,
                &(struct berth_mpi_call){
                    .verb = BERTH_MPI_LOOKUP,
                    .rank = proc->rank,
                    .key = keys[i],
                    .wait = wait && (wait->type != PMIX_BOOL || wait->data.flag)});
    return PMIX_SUCCESS;
}

pmix_status_t unpublish_values(const pmix_proc_t *proc, char **keys,
                               const pmix_info_t info[], size_t n_info,
                               pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    size_t n = count_keys(keys);
    struct several *all = several_create(n ? n : 1);
    if (!all)
        return PMIX_ERR_NOMEM;
    all->op_cbfunc = cbfunc;
    all->cbdata = cbdata;
    all->timeout = infos_timeout(info, n_info);
    for (size_t i = 0; i < (n ? n : 1); i++)
        ask_one(all, i,
                &(struct berth_mpi_call){.verb = BERTH_MPI_UNPUBLISH,
                                         .rank = proc->rank,
                                         .key = n ? keys[i] : NULL});
    return PMIX_SUCCESS;
}
