/* SPDX-License-Identifier: Apache-2.0
 *
 * ask.c - what only the job's lead can answer: published names, spawned programs
 *
 * A task has one such request at a time; its local number, counted from 1, is
 * the cookie: 0 is none.
 */
#include "server.h"

#include <errno.h>
#include <string.h>

static void answered(struct client *client, int status, const char *value)
{
    if (client->dialect == DIALECT_1)
        pmi1_answered(client, status, value);
    else
        pmi2_answered(client, status, value);
}

static void ask(struct client *client, struct berth_mpi_call *call)
{
    struct server *server = client->server;

    client->asked = call->verb;
    if (!server->host->call) {
        answered(client, ENOSYS, "");
        return;
    }
    client->waits = WAITS_LEAD;
    call->cookie = (uint64_t)(client - server->clients) + 1;
    call->rank = client->rank;
    server->host->call(server->host->ctx, call);
}

void ask_name(struct client *client, enum berth_mpi_verb verb, const char *name,
              const char *port)
{
    struct berth_mpi_call call = {.verb = verb,
                                  .key = name,
                                  .range = BERTH_MPI_RANGE_JOB,
                                  .lifetime = BERTH_MPI_UNTIL_STEP_ENDS,
                                  .data = port,
                                  .len = port ? strlen(port) : 0};

    if (!name || !*name || (verb == BERTH_MPI_PUBLISH && !port)) {
        client->asked = verb;
        answered(client, EINVAL, "");
        return;
    }
    ask(client, &call);
}

void ask_spawn(struct client *client)
{
    struct berth_mpi_call call = {.verb = BERTH_MPI_SPAWN};
    const struct text *preput = spawn_preput(client->spawn);

    call.data = preput->s;
    call.len = preput->len;
    if (spawn_programs(client->spawn, &call.apps, &call.n_apps)) {
        client->asked = BERTH_MPI_SPAWN;
        answered(client, EINVAL, "");
    } else {
        ask(client, &call);
    }
    spawn_destroy(client->spawn);
    client->spawn = NULL;
}

void server_answer(struct server *server, uint64_t cookie, int status,
                   const char *value)
{
    struct client *client;

    if (cookie == 0 || cookie > server->n_clients)
        return;
    client = &server->clients[cookie - 1];
    if (client->waits != WAITS_LEAD)
        return;
    client->waits = WAITS_NOT;
    answered(client, status, value);
}
