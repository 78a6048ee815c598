/* SPDX-License-Identifier: Apache-2.0
 *
 * pmi1.c - PMI-1.1: lines of text, one answer a line
 *
 * As MPICH's and Intel MPI's own clients speak it ("simple PMI"); every answer but
 * that to "barrier_in", which comes when all have asked, comes at once.
 */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 256

static void say_result(struct client *client, const char *what, bool went_well,
                       const char *words)
{
    text_addf(&client->out, "cmd=%s rc=%d msg=%s\n", what, went_well ? 0 : -1, words);
}

void pmi1_init(struct client *client, const struct request *request)
{
    long version = request_number(request, "pmi_version", 0);
    long sub = request_number(request, "pmi_subversion", 0);

    if (version == 1 && sub > 1)
        sub = 1; /* 1.2 falls back to what we have */
    if (version == 1 || (version == 2 && sub == 0)) {
        client->dialect = version == 1 ? DIALECT_1 : DIALECT_2;
        text_addf(&client->out,
                  "cmd=response_to_init pmi_version=%ld pmi_subversion=%ld rc=0\n",
                  version, sub);
        if (version == 1)
            server_hello(client);
    } else {
        text_addf(&client->out,
                  "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=-1\n");
    }
}

static void on_get_maxes(struct client *client, const struct request *request)
{
    (void)request;
    text_addf(&client->out, "cmd=maxes kvsname_max=%d keylen_max=%d vallen_max=%d\n",
              NAME_MAX_BYTES, KVS_KEY_MAX + 1, KVS_VALUE_MAX + 1);
}

static void on_get_appnum(struct client *client, const struct request *request)
{
    (void)request;
    text_addf(&client->out, "cmd=appnum appnum=0\n");
}

static void on_get_name(struct client *client, const struct request *request)
{
    (void)request;
    text_addf(&client->out, "cmd=my_kvsname kvsname=%s\n", client->server->name);
}

static void on_get_universe(struct client *client, const struct request *request)
{
    (void)request;
    text_addf(&client->out, "cmd=universe_size size=%u\n", client->server->universe);
}

static bool is_our_space(const struct client *client, const struct request *request)
{
    const char *name = request_get(request, "kvsname");

    return !name || strcmp(name, client->server->name) == 0;
}

static void on_put(struct client *client, const struct request *request)
{
    const char *key = request_get(request, "key");
    const char *value = request_get(request, "value");
    bool is_ours = is_our_space(client, request);

    if (!is_ours)
        say_result(client, "put_result", false, "no_such_kvs");
    else if (!key || !value || kvs_put(client->server->kvs, key, value))
        say_result(client, "put_result", false, "key_or_value_refused");
    else
        say_result(client, "put_result", true, "success");
}

static void on_get(struct client *client, const struct request *request)
{
    const char *key = request_get(request, "key");
    const char *value = NULL;

    if (key && is_our_space(client, request))
        value = kvs_get(client->server->kvs, key);
    if (value)
        text_addf(&client->out, "cmd=get_result rc=0 msg=success value=%s\n", value);
    else
        text_addf(&client->out,
                  "cmd=get_result rc=-1 msg=key_not_found value=unknown\n");
}

static void on_barrier_in(struct client *client, const struct request *request)
{
    (void)request;
    server_enter(client);
}

void pmi1_barrier_out(struct client *client)
{
    text_addf(&client->out, "cmd=barrier_out\n");
}

static void on_finalize(struct client *client, const struct request *request)
{
    (void)request;
    server_goodbye(client);
    text_addf(&client->out, "cmd=finalize_ack\n");
}

static void on_abort(struct client *client, const struct request *request)
{
    server_abort(client, request_number(request, "exitcode", 1),
                 request_get(request, "message"));
}

static void on_publish(struct client *client, const struct request *request)
{
    ask_name(client, BERTH_MPI_PUBLISH, request_get(request, "service"),
             request_get(request, "port"));
}

static void on_lookup(struct client *client, const struct request *request)
{
    ask_name(client, BERTH_MPI_LOOKUP, request_get(request, "service"), NULL);
}

static void on_unpublish(struct client *client, const struct request *request)
{
    ask_name(client, BERTH_MPI_UNPUBLISH, request_get(request, "service"), NULL);
}

void pmi1_answered(struct client *client, int status, const char *value)
{
    const char *what = client->asked == BERTH_MPI_PUBLISH     ? "publish_result"
                       : client->asked == BERTH_MPI_UNPUBLISH ? "unpublish_result"
                       : client->asked == BERTH_MPI_SPAWN     ? "spawn_result"
                                                              : "lookup_result";

    if (client->asked == BERTH_MPI_LOOKUP && !status)
        text_addf(&client->out, "cmd=%s rc=0 msg=success port=%s\n", what, value);
    else
        say_result(client, what, status == 0,
                   status == 0        ? "success"
                   : status == ENOENT ? "name_not_found"
                   : status == EEXIST ? "name_is_taken"
                   : status == ENOSYS ? "not_supported"
                                      : "refused");
}

/* A process that was not started by us has no place in this step. */
static void on_singinit(struct client *client, const struct request *request)
{
    (void)request;
    text_addf(&client->out, "cmd=singinit_info versionok=no stdio=no "
                            "kvsname=singleton_has_no_step\n");
}

static const struct {
    const char *cmd;
    void (*answer)(struct client *client, const struct request *request);
} commands[] = {
    {"abort", on_abort},
    {"barrier_in", on_barrier_in},
    {"finalize", on_finalize},
    {"get", on_get},
    {"get_appnum", on_get_appnum},
    {"get_maxes", on_get_maxes},
    {"get_my_kvsname", on_get_name},
    {"get_universe_size", on_get_universe},
    {"init", pmi1_init},
    {"lookup_name", on_lookup},
    {"publish_name", on_publish},
    {"put", on_put},
    {"singinit", on_singinit},
    {"unpublish_name", on_unpublish},
};

void pmi1_answer(struct client *client, const struct request *request)
{
    if (client->waits && strcmp(request->cmd, "abort") != 0) {
        text_addf(&client->out, "cmd=%.64s_result rc=-1 msg=earlier_one_unanswered\n",
                  request->cmd);
        return;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].cmd, request->cmd) == 0) {
            commands[i].answer(client, request);
            return;
        }
    }
    text_addf(&client->out, "cmd=%.64s_result rc=-1 msg=unknown_command\n",
              request->cmd);
}

/* "key=value" of each line; the first one is "mcmd=spawn". */
static int take_words(struct client *client, char *line)
{
    int rc = spawn_next_program(client->spawn);

    while (!rc && line) {
        char *next = strchr(line, '\n'), *eq;

        if (next)
            *next++ = '\0';
        eq = strchr(line, '=');
        if (eq) {
            *eq = '\0';
            rc = spawn_take(client->spawn, line, eq + 1);
        }
        line = next;
    }
    return rc;
}

static long number_of_line(const char *text, const char *name, long otherwise)
{
    const char *at = strstr(text, name);

    return at ? strtol(at + strlen(name), NULL, 10) : otherwise;
}

/* Several programs are several commands; the last of them is answered. */
void pmi1_answer_lines(struct client *client)
{
    char *text = client->command.s;
    long total = number_of_line(text, "\ntotspawns=", 1);
    long so_far = number_of_line(text, "\nspawnssofar=", 1);

    if (strncmp(text, "mcmd=spawn\n", 11) != 0) {
        text_addf(&client->out, "cmd=mcmd_result rc=-1 msg=unknown_command\n");
        return;
    }
    if (!client->spawn)
        client->spawn = spawn_create();
    if (take_words(client, text)) {
        spawn_destroy(client->spawn);
        client->spawn = NULL;
        say_result(client, "spawn_result", false, "command_refused");
    } else if (so_far >= total) {
        ask_spawn(client);
    }
}
