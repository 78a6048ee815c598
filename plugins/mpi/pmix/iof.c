/* SPDX-License-Identifier: Apache-2.0
 *
 * iof.c - what tasks write and read, beside the step's client
 *
 * A tool pulls the output of tasks anywhere in the job: its server says so to the
 * nodes of those tasks ("pull"), and what they write comes as messages ("output") that
 * are acknowledged ("taken"). A node sends no more than a window ahead: what a puller
 * is too slow for is left out, and how much that was is said.
 */
#include "server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW ((size_t)256 << 10)

/* A server that wants output of our tasks. */
struct puller {
    struct puller *next;
    pmix_nspace_t nspace;
    uint32_t node;
    pmix_rank_t rank; /* of ours, or PMIX_RANK_WILDCARD */
    pmix_iof_channel_t channels;
    size_t on_way, missed;
};

static struct {
    pthread_mutex_t lock;
    struct puller *first;
} pullers = {PTHREAD_MUTEX_INITIALIZER, NULL};

/* What libpmix borrows until it has delivered. */
struct delivery {
    pmix_proc_t source;
    pmix_byte_object_t bytes;
    char data[];
};

static void on_delivered(pmix_status_t status, void *ctx)
{
    (void)status;
    free(ctx);
}

/* To the clients and tools of this node that have asked for it. Not where nobody has:
 * libpmix would keep it for somebody who might. */
static void deliver(const pmix_proc_t *source, pmix_iof_channel_t channel,
                    const void *data, size_t len)
{
    struct delivery *delivery = malloc(sizeof(*delivery) + len + 1);
    if (!delivery)
        return;
    delivery->source = *source;
    delivery->bytes =
        (pmix_byte_object_t){.bytes = len ? delivery->data : NULL, .size = len};
    if (len)
        memcpy(delivery->data, data, len);
    if (PMIx_server_IOF_deliver(&delivery->source, channel, &delivery->bytes, NULL, 0,
                                on_delivered, delivery) != PMIX_SUCCESS)
        free(delivery);
}

/* --------------------------------------------------------------------- pull */

static void add_puller(const char *nspace, uint32_t node, pmix_rank_t rank,
                       pmix_iof_channel_t channels)
{
    struct puller *puller;
    pthread_mutex_lock(&pullers.lock);
    for (puller = pullers.first; puller; puller = puller->next)
        if (puller->node == node && puller->rank == rank &&
            PMIX_CHECK_NSPACE(puller->nspace, nspace))
            break;
    if (!puller && (puller = calloc(1, sizeof(*puller)))) {
        PMIX_LOAD_NSPACE(puller->nspace, nspace);
        puller->node = node;
        puller->rank = rank;
        puller->next = pullers.first;
        pullers.first = puller;
    }
    if (puller)
        puller->channels |= channels;
    pthread_mutex_unlock(&pullers.lock);
}

/* Every node of those tasks is told, ourselves among them where they are of our step.
 */
pmix_status_t iof_pull(const pmix_proc_t procs[], size_t n_procs,
                       const pmix_info_t info[], size_t n_info,
                       pmix_iof_channel_t channels, pmix_op_cbfunc_t cbfunc,
                       void *cbdata)
{
    (void)cbfunc, (void)cbdata;
    const struct server *server = server_now();
    if (channels & PMIX_FWD_STDIN_CHANNEL)
        return PMIX_ERR_NOT_SUPPORTED;
    if (infos_flag(info, n_info, PMIX_IOF_STOP))
        return PMIX_OPERATION_SUCCEEDED;
    for (size_t i = 0; i < n_procs; i++) {
        bool is_own = PMIX_CHECK_NSPACE(procs[i].nspace, server->nspace);
        pmix_data_buffer_t buffer;
        pmix_proc_t proc = procs[i];
        if (telling_begin(&buffer, TELL_PULL) == PMIX_SUCCESS &&
            PMIx_Data_pack(NULL, &buffer, &proc.rank, 1, PMIX_PROC_RANK) ==
                PMIX_SUCCESS &&
            PMIx_Data_pack(NULL, &buffer, &channels, 1, PMIX_IOF_CHANNEL) ==
                PMIX_SUCCESS)
            tell(is_own ? NULL : proc.nspace, BERTH_MPI_ALL, &buffer);
        else
            PMIX_DATA_BUFFER_DESTRUCT(&buffer);
    }
    return PMIX_OPERATION_SUCCEEDED;
}

static void told_pull(const char *nspace, uint32_t node, pmix_data_buffer_t *buffer)
{
    pmix_iof_channel_t channels;
    pmix_rank_t rank;
    int32_t n = 1;
    if (PMIx_Data_unpack(NULL, buffer, &rank, &n, PMIX_PROC_RANK) != PMIX_SUCCESS ||
        PMIx_Data_unpack(NULL, buffer, &channels, &n, PMIX_IOF_CHANNEL) != PMIX_SUCCESS)
        return;
    add_puller(nspace, node, rank, channels);
}

/* ------------------------------------------------------------------- output */

static void send_output(const struct puller *puller, const pmix_proc_t *source,
                        pmix_iof_channel_t channel, const void *data, size_t len)
{
    pmix_byte_object_t bytes = {.bytes = (char *)(uintptr_t)data, .size = len};
    pmix_data_buffer_t buffer;
    pmix_proc_t from = *source;
    if (telling_begin(&buffer, TELL_OUTPUT) == PMIX_SUCCESS &&
        PMIx_Data_pack(NULL, &buffer, &from, 1, PMIX_PROC) == PMIX_SUCCESS &&
        PMIx_Data_pack(NULL, &buffer, &channel, 1, PMIX_IOF_CHANNEL) == PMIX_SUCCESS &&
        PMIx_Data_pack(NULL, &buffer, &bytes, 1, PMIX_BYTE_OBJECT) == PMIX_SUCCESS)
        tell(puller->nspace, puller->node, &buffer);
    else
        PMIX_DATA_BUFFER_DESTRUCT(&buffer);
}

/* What did not fit since it last did is told before what fits again. */
static void send_within_window(struct puller *puller, const pmix_proc_t *source,
                               pmix_iof_channel_t channel, const void *data, size_t len)
{
    const struct server *server = server_now();
    char words[64];
    if (puller->node == server->node_index &&
        PMIX_CHECK_NSPACE(puller->nspace, server->nspace)) {
        deliver(source, channel, data, len);
        return;
    }
    if (puller->on_way + len > WINDOW) {
        puller->missed += len;
        return;
    }
    if (puller->missed) {
        int n = snprintf(words, sizeof(words), "\n[%zu bytes were not shown]\n",
                         puller->missed);
        send_output(puller, source, PMIX_FWD_STDERR_CHANNEL, words, (size_t)n);
        puller->on_way += (size_t)n;
        puller->missed = 0;
    }
    puller->on_way += len;
    send_output(puller, source, channel, data, len);
}

void iof_output(uint32_t rank, int stream, const void *data, size_t len)
{
    const struct server *server = server_now();
    pmix_iof_channel_t channel =
        stream == 1 ? PMIX_FWD_STDOUT_CHANNEL : PMIX_FWD_STDERR_CHANNEL;
    pmix_proc_t source;
    PMIX_LOAD_PROCID(&source, server->nspace, rank);
    pthread_mutex_lock(&pullers.lock);
    for (struct puller *p = pullers.first; p; p = p->next)
        if (p->channels & channel && (p->rank == rank || p->rank == PMIX_RANK_WILDCARD))
            send_within_window(p, &source, channel, data, len);
    pthread_mutex_unlock(&pullers.lock);
}

static void told_output(const char *nspace, uint32_t node, pmix_data_buffer_t *buffer)
{
    pmix_byte_object_t bytes = {0};
    pmix_iof_channel_t channel;
    pmix_proc_t source;
    pmix_data_buffer_t reply;
    int32_t n = 1;
    if (PMIx_Data_unpack(NULL, buffer, &source, &n, PMIX_PROC) != PMIX_SUCCESS ||
        PMIx_Data_unpack(NULL, buffer, &channel, &n, PMIX_IOF_CHANNEL) !=
            PMIX_SUCCESS ||
        PMIx_Data_unpack(NULL, buffer, &bytes, &n, PMIX_BYTE_OBJECT) != PMIX_SUCCESS)
        return;
    deliver(&source, channel, bytes.bytes, bytes.size);
    if (telling_begin(&reply, TELL_TAKEN) == PMIX_SUCCESS &&
        PMIx_Data_pack(NULL, &reply, &bytes.size, 1, PMIX_SIZE) == PMIX_SUCCESS)
        tell(nspace, node, &reply);
    else
        PMIX_DATA_BUFFER_DESTRUCT(&reply);
    free(bytes.bytes);
}

static void told_taken(const char *nspace, uint32_t node, pmix_data_buffer_t *buffer)
{
    size_t taken;
    int32_t n = 1;
    if (PMIx_Data_unpack(NULL, buffer, &taken, &n, PMIX_SIZE) != PMIX_SUCCESS)
        return;
    pthread_mutex_lock(&pullers.lock);
    for (struct puller *p = pullers.first; p && taken; p = p->next) {
        size_t part = p->on_way < taken ? p->on_way : taken;
        if (p->node != node || !PMIX_CHECK_NSPACE(p->nspace, nspace))
            continue;
        p->on_way -= part;
        taken -= part;
    }
    pthread_mutex_unlock(&pullers.lock);
}

void iof_told(enum telling what, const char *nspace, uint32_t node,
              pmix_data_buffer_t *buffer)
{
    if (what == TELL_PULL)
        told_pull(nspace, node, buffer);
    else if (what == TELL_OUTPUT)
        told_output(nspace, node, buffer);
    else if (what == TELL_TAKEN)
        told_taken(nspace, node, buffer);
}

static void forget(const char *nspace)
{
    pthread_mutex_lock(&pullers.lock);
    for (struct puller **slot = &pullers.first; *slot;) {
        struct puller *p = *slot;
        if (nspace && !PMIX_CHECK_NSPACE(p->nspace, nspace)) {
            slot = &p->next;
            continue;
        }
        *slot = p->next;
        free(p);
    }
    pthread_mutex_unlock(&pullers.lock);
}

void iof_nspace_gone(const char *nspace)
{
    forget(nspace);
}

void iof_forget(void)
{
    forget(NULL);
}

/* -------------------------------------------------------------- input and logs */

pmix_status_t iof_push(const pmix_proc_t *source, const pmix_proc_t targets[],
                       size_t n_targets, const pmix_info_t info[], size_t n_info,
                       const pmix_byte_object_t *bytes, pmix_op_cbfunc_t cbfunc,
                       void *cbdata)
{
    (void)info, (void)n_info;
    struct operation *operation = operation_create(cbfunc, cbdata);
    struct berth_mpi_proc *list = procs_for_host(targets, n_targets);
    pmix_status_t rc = operation && list ? PMIX_SUCCESS : PMIX_ERR_NOMEM;
    if (rc == PMIX_SUCCESS)
        rc = ask(&(struct berth_mpi_call){.verb = BERTH_MPI_INPUT,
                                          .rank = source->rank,
                                          .procs = list,
                                          .n_procs = n_targets,
                                          .data = bytes ? bytes->bytes : NULL,
                                          .len = bytes ? bytes->size : 0},
                 0, operation_answered, operation);
    if (rc != PMIX_SUCCESS)
        free(operation);
    free(list);
    return rc;
}

/* An answer that libpmix must not get before the call returns: it holds a lock. */
struct late {
    pmix_op_cbfunc_t cbfunc;
    void *cbdata;
    pmix_status_t status;
};

static void *answer_late(void *ctx)
{
    struct late *late = ctx;
    late->cbfunc(late->status, late->cbdata);
    free(late);
    return NULL;
}

static void answer_by_thread(pmix_op_cbfunc_t cbfunc, void *cbdata,
                             pmix_status_t status)
{
    struct late *late = malloc(sizeof(*late));
    pthread_t thread;
    if (!late || !cbfunc) {
        free(late);
        return;
    }
    *late = (struct late){cbfunc, cbdata, status};
    if (pthread_create(&thread, NULL, answer_late, late) == 0)
        pthread_detach(thread);
    else
        free(late);
}

/* In the name of the task that logs. */
void log_data(const pmix_proc_t *client, const pmix_info_t data[], size_t n_data,
              const pmix_info_t info[], size_t n_info, pmix_op_cbfunc_t cbfunc,
              void *cbdata)
{
    const struct server *server = server_now();
    pmix_status_t status = n_data ? PMIX_SUCCESS : PMIX_ERR_BAD_PARAM;
    (void)info, (void)n_info;
    for (size_t i = 0; i < n_data; i++) {
        int stream = PMIX_CHECK_KEY(&data[i], PMIX_LOG_STDOUT)   ? 1
                     : PMIX_CHECK_KEY(&data[i], PMIX_LOG_STDERR) ? 2
                                                                 : 0;
        if (stream == 0 || data[i].value.type != PMIX_STRING)
            status = PMIX_ERR_NOT_SUPPORTED;
        else
            server->host.write(server->host.ctx, client->rank, stream,
                               data[i].value.data.string,
                               strlen(data[i].value.data.string));
    }
    answer_by_thread(cbfunc, cbdata, status);
}
