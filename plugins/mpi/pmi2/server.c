/* SPDX-License-Identifier: Apache-2.0
 *
 * server.c - what the tasks of a node share, whichever protocol they speak
 */
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapping.h"

/* All barriers of a step are of all its tasks: one name for all of them. */
static const uint8_t fence_id[16] = "berth-pmi-fence";

/* Facts that tasks may ask for by key: every node knows them. */
static void know_facts(struct server *server, const struct berth_mpi_step *step)
{
    struct text mapping = {0};
    struct text universe = {0};

    mapping_of(step->rank_node, step->n_tasks, &mapping);
    text_addf(&universe, "%u", server->universe);
    /* One that is too long is left out: tasks then find out by themselves. */
    (void)kvs_put_known(server->kvs, "PMI_process_mapping", mapping.s);
    (void)kvs_put_known(server->kvs, "universeSize", universe.s);
    text_fini(&mapping);
    text_fini(&universe);
}

/* "berth.JOB.STEP": what follows is a secret, of which nobody has need here. */
static void name_it(struct server *server, const char *nspace)
{
    const char *secret = strrchr(nspace, '.');
    int len = secret ? (int)(secret - nspace) : (int)strlen(nspace);

    (void)snprintf(server->name, sizeof(server->name), "%.*s", len, nspace);
}

struct server *server_create(const struct berth_mpi_step *step,
                             const struct berth_mpi_host *host)
{
    struct server *server = calloc(1, sizeof(*server));

    if (!server)
        abort();
    server->host = host;
    server->n_tasks = step->n_tasks;
    server->universe = step->universe > step->n_tasks ? step->universe : step->n_tasks;
    server->n_clients = step->n_local;
    server->clients = calloc(step->n_local + 1, sizeof(*server->clients));
    if (!server->clients)
        abort();
    name_it(server, step->nspace);
    for (uint32_t i = 0; i < step->n_local; i++) {
        server->clients[i].server = server;
        server->clients[i].rank = step->local_ranks[i];
    }
    server->kvs = kvs_create();
    server->node = kvs_create();
    know_facts(server, step);
    server->is_spawned = step->parent != NULL;
    if (step->spawn_len)
        (void)kvs_merge(server->kvs, step->spawn_data, step->spawn_len);
    return server;
}

static void client_fini(struct client *client)
{
    free(client->attribute);
    free(client->thread);
    spawn_destroy(client->spawn);
    text_fini(&client->in);
    text_fini(&client->out);
    text_fini(&client->command);
}

void server_destroy(struct server *server)
{
    if (!server)
        return;
    for (uint32_t i = 0; i < server->n_clients; i++)
        client_fini(&server->clients[i]);
    kvs_destroy(server->kvs);
    kvs_destroy(server->node);
    free(server->clients);
    free(server);
}

struct client *server_client(const struct server *server, uint32_t rank)
{
    for (uint32_t i = 0; i < server->n_clients; i++)
        if (server->clients[i].rank == rank)
            return &server->clients[i];
    return NULL;
}

void server_hello(struct client *client)
{
    const struct berth_mpi_host *host = client->server->host;

    if (!client->is_initialised)
        host->client(host->ctx, client->rank, 0);
    client->is_initialised = true;
}

void server_goodbye(struct client *client)
{
    const struct berth_mpi_host *host = client->server->host;

    if (!client->is_finalized)
        host->client(host->ctx, client->rank, 1);
    client->is_finalized = true;
}

void server_abort(struct client *client, long code, const char *words)
{
    const struct berth_mpi_host *host = client->server->host;
    struct text all = {0};

    text_addf(&all, "task %u called MPI_Abort", client->rank);
    if (words && *words)
        text_addf(&all, ": %s", words);
    host->abort(host->ctx, client->rank, (int)code, all.s);
    text_fini(&all);
}

void server_enter(struct client *client)
{
    struct server *server = client->server;
    const struct berth_mpi_host *host = server->host;
    struct text news = {0};

    if (client->waits)
        return; /* it said so before: it is in already */
    client->waits = WAITS_BARRIER;
    if (++server->n_entered < server->n_clients)
        return;
    kvs_take_new(server->kvs, &news);
    host->fence(host->ctx, fence_id, NULL, 0, news.s, news.len);
    text_fini(&news);
}

void server_fence_done(struct server *server, int status, const char *data, size_t len)
{
    const struct berth_mpi_host *host = server->host;

    if (!status)
        status = -kvs_merge(server->kvs, data, len);
    if (status)
        host->abort(host->ctx, server->clients[0].rank, 1,
                    "a barrier failed: the nodes' keys could not be exchanged");
    server->n_entered = 0;
    for (uint32_t i = 0; i < server->n_clients; i++) {
        struct client *client = &server->clients[i];

        if (client->waits != WAITS_BARRIER)
            continue;
        client->waits = WAITS_NOT;
        if (client->dialect == DIALECT_1)
            pmi1_barrier_out(client);
        else
            pmi2_barrier_out(client, status);
    }
}

int server_put_attribute(struct server *server, const char *key, const char *value)
{
    int rc = kvs_put_known(server->node, key, value);

    for (uint32_t i = 0; i < server->n_clients && !rc; i++) {
        struct client *client = &server->clients[i];

        if (client->waits != WAITS_ATTRIBUTE || strcmp(client->attribute, key) != 0)
            continue;
        client->waits = WAITS_NOT;
        free(client->attribute);
        client->attribute = NULL;
        pmi2_attribute(client, value);
    }
    return rc;
}
