/* SPDX-License-Identifier: Apache-2.0
 *
 * pmi2.c - PMI-2.0: frames of pairs, answers with the command's name and a code
 *
 * A task of several threads marks what it asks by "thrid"; the answer has the same.
 * What Slurm's client library adds or names otherwise is answered as well.
 */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Codes of pmi2.h, as clients take them apart. */
enum { PMI2_OK = 0, PMI2_FAILED = -1, PMI2_BAD_ARGUMENTS = 10 };

#define FRAME_HEAD 6
#define FRAME_LIMIT 999999

/* ------------------------------------------------------------------ answers */

/* Add a pair to an answer; a ';' in the value is doubled. */
static void say(struct text *answer, const char *key, const char *value)
{
    text_addf(answer, "%s=", key);
    for (const char *c = value; *c; c++)
        text_add(answer, *c == ';' ? ";;" : c, *c == ';' ? 2 : 1);
    text_add(answer, ";", 1);
}

static void say_number(struct text *answer, const char *key, long value)
{
    text_addf(answer, "%s=%ld;", key, value);
}

/* Begin an answer: to 'cmd', with a code. */
static struct text begin(const char *thread, const char *cmd, int code)
{
    struct text answer = {0};

    text_addf(&answer, "cmd=%.64s-response;", cmd);
    if (thread)
        say(&answer, "thrid", thread);
    say_number(&answer, "rc", code);
    return answer;
}

static void send_answer(struct client *client, struct text *answer)
{
    char head[32];

    if (answer->len <= FRAME_LIMIT) {
        (void)snprintf(head, sizeof(head), "%6zu", answer->len);
        text_add(&client->out, head, FRAME_HEAD);
        text_add(&client->out, answer->s, answer->len);
    }
    text_fini(answer);
}

static struct text begin_for(const struct request *request, int code)
{
    return begin(request_get(request, "thrid"), request->cmd, code);
}

static void say_code(struct client *client, const struct request *request, int code,
                     const char *words)
{
    struct text answer = begin_for(request, code);

    if (words)
        say(&answer, "errmsg", words);
    send_answer(client, &answer);
}

/* A value, or that there is none. */
static void say_found(struct client *client, const char *thread, const char *cmd,
                      const char *value)
{
    struct text answer = begin(thread, cmd, PMI2_OK);

    say(&answer, "found", value ? "TRUE" : "FALSE");
    if (value)
        say(&answer, "value", value);
    send_answer(client, &answer);
}

/* ----------------------------------------------------------------- requests */

static void on_fullinit(struct client *client, const struct request *request)
{
    struct text answer = begin_for(request, PMI2_OK);

    server_hello(client);
    say_number(&answer, "pmi-version", 2);
    say_number(&answer, "pmi-subversion", 0);
    say_number(&answer, "rank", client->rank);
    say_number(&answer, "size", client->server->n_tasks);
    say_number(&answer, "appnum", 0);
    say(&answer, "debugged", "FALSE");
    say(&answer, "pmiverbose", "FALSE");
    send_answer(client, &answer);
}

static void on_finalize(struct client *client, const struct request *request)
{
    server_goodbye(client);
    say_code(client, request, PMI2_OK, NULL);
}

static void on_abort(struct client *client, const struct request *request)
{
    const char *words = request_get(request, "msg");

    server_abort(client, request_number(request, "exitcode", 1),
                 words ? words : request_get(request, "message"));
}

static void on_getid(struct client *client, const struct request *request)
{
    struct text answer = begin_for(request, PMI2_OK);

    say(&answer, "jobid", client->server->name);
    send_answer(client, &answer);
}

static void put_with(struct client *client, const struct request *request,
                     int (*put)(struct server *server, const char *key,
                                const char *value))
{
    const char *key = request_get(request, "key");
    const char *value = request_get(request, "value");

    if (!key || !value)
        say_code(client, request, PMI2_BAD_ARGUMENTS, "a key and a value are needed");
    else if (put(client->server, key, value))
        say_code(client, request, PMI2_BAD_ARGUMENTS, "key or value refused");
    else
        say_code(client, request, PMI2_OK, NULL);
}

static int put_pair(struct server *server, const char *key, const char *value)
{
    return kvs_put(server->kvs, key, value);
}

static void on_put(struct client *client, const struct request *request)
{
    put_with(client, request, put_pair);
}

static void on_get(struct client *client, const struct request *request)
{
    const char *key = request_get(request, "key");
    const char *job = request_get(request, "jobid");
    const char *value = NULL;

    if (key && (!job || !*job || strcmp(job, client->server->name) == 0))
        value = kvs_get(client->server->kvs, key);
    say_found(client, request_get(request, "thrid"), request->cmd, value);
}

/* The answer comes later: remember for which thread. */
static void keep_thread(struct client *client, const struct request *request)
{
    const char *thread = request_get(request, "thrid");

    free(client->thread);
    client->thread = thread ? strdup(thread) : NULL;
}

static void on_fence(struct client *client, const struct request *request)
{
    keep_thread(client, request);
    server_enter(client);
}

void pmi2_barrier_out(struct client *client, int status)
{
    struct text answer =
        begin(client->thread, "kvs-fence", status ? PMI2_FAILED : PMI2_OK);

    send_answer(client, &answer);
}

static void on_put_attribute(struct client *client, const struct request *request)
{
    put_with(client, request, server_put_attribute);
}

static void on_get_attribute(struct client *client, const struct request *request)
{
    const char *key = request_get(request, "key");
    const char *wait = request_get(request, "wait");
    const char *value = key ? kvs_get(client->server->node, key) : NULL;

    if (value || !key || !wait || strcmp(wait, "TRUE") != 0) {
        say_found(client, request_get(request, "thrid"), request->cmd, value);
        return;
    }
    keep_thread(client, request);
    client->waits = WAITS_ATTRIBUTE;
    client->attribute = strdup(key);
}

void pmi2_attribute(struct client *client, const char *value)
{
    say_found(client, client->thread, "info-getnodeattr", value);
}

static void on_publish(struct client *client, const struct request *request)
{
    keep_thread(client, request);
    ask_name(client, BERTH_MPI_PUBLISH, request_get(request, "name"),
             request_get(request, "port"));
}

static void on_lookup(struct client *client, const struct request *request)
{
    keep_thread(client, request);
    ask_name(client, BERTH_MPI_LOOKUP, request_get(request, "name"), NULL);
}

static void on_unpublish(struct client *client, const struct request *request)
{
    keep_thread(client, request);
    ask_name(client, BERTH_MPI_UNPUBLISH, request_get(request, "name"), NULL);
}

/* Words in their order: "subcmd" begins the next program. */
static void on_spawn(struct client *client, const struct request *request)
{
    int rc = 0;

    keep_thread(client, request);
    client->spawn = spawn_create();
    for (size_t i = 0; i < request->n && !rc; i++) {
        if (strcmp(request->pairs[i].key, "subcmd") == 0)
            rc = spawn_next_program(client->spawn);
        if (!rc)
            rc = spawn_take(client->spawn, request->pairs[i].key,
                            request->pairs[i].value);
    }
    if (!rc) {
        ask_spawn(client);
        return;
    }
    spawn_destroy(client->spawn);
    client->spawn = NULL;
    say_code(client, request, PMI2_BAD_ARGUMENTS, "command refused");
}

void pmi2_answered(struct client *client, int status, const char *value)
{
    const char *cmd = client->asked == BERTH_MPI_PUBLISH     ? "name-publish"
                      : client->asked == BERTH_MPI_UNPUBLISH ? "name-unpublish"
                      : client->asked == BERTH_MPI_SPAWN     ? "spawn"
                                                             : "name-lookup";
    struct text answer = begin(client->thread, cmd, status ? PMI2_FAILED : PMI2_OK);

    if (client->asked == BERTH_MPI_LOOKUP)
        say(&answer, "found", status ? "FALSE" : "TRUE");
    if (client->asked == BERTH_MPI_LOOKUP && !status) {
        say(&answer, "port", value);
        say(&answer, "value", value); /* where Slurm's client looks */
    }
    if (client->asked == BERTH_MPI_SPAWN && !status) {
        say(&answer, "jobid", value);
        say_number(&answer, "nerrs", 0);
    }
    if (status)
        say(&answer, "errmsg", strerror(status));
    send_answer(client, &answer);
}

static const struct {
    const char *cmd;
    void (*answer)(struct client *client, const struct request *request);
} commands[] = {
    {"abort", on_abort},
    {"finalize", on_finalize},
    {"fullinit", on_fullinit},
    {"info-getjobattr", on_get},
    {"info-getnodeattr", on_get_attribute},
    {"info-putnodeattr", on_put_attribute},
    {"job-getid", on_getid},
    {"kvs-fence", on_fence},
    {"kvs-get", on_get},
    {"kvs-put", on_put},
    {"name-lookup", on_lookup},
    {"name-publish", on_publish},
    {"name-unpublish", on_unpublish},
    {"spawn", on_spawn},
};

void pmi2_answer(struct client *client, const struct request *request)
{
    /* One at a time may wait, and answers have no number but their thread's. */
    if (client->waits && strcmp(request->cmd, "abort") != 0) {
        say_code(client, request, PMI2_FAILED,
                 "an earlier request is not answered yet");
        return;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].cmd, request->cmd) == 0) {
            commands[i].answer(client, request);
            return;
        }
    }
    say_code(client, request, PMI2_FAILED, "not supported");
}
