/* SPDX-License-Identifier: Apache-2.0
 *
 * client.c - from a task's bytes to its requests
 *
 * A task begins with a line, "cmd=init pmi_version=1 ..." or "... pmi_version=2 ...",
 * and goes on in the form of that version: lines (some commands take several, from
 * "mcmd=" to "endcmd"), or frames with their length in six characters before them.
 */
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WHY_BYTES 256
#define LINE_MAX_BYTES 16384
#define FRAME_HEAD 6
#define FRAME_MAX_BYTES 262144
#define COMMAND_MAX_BYTES 262144
/* Answers that wait to be read: who asks without listening is not heard any more. */
#define OUT_MAX_BYTES (8u << 20)

static int refuse(const struct client *client, const char *what, char *ret_why)
{
    (void)snprintf(ret_why, WHY_BYTES, "task %u speaks no PMI: %s", client->rank, what);
    return -EPROTO;
}

static int answer(struct client *client, char *text, size_t len, char *ret_why)
{
    struct request *request = &client->server->request;
    int rc = client->dialect == DIALECT_2 ? request_parse_frame(text, len, request)
                                          : request_parse_line(text, request);

    if (rc)
        return refuse(client, "a request that is no list of name=value", ret_why);
    if (client->dialect == DIALECT_NONE && strcmp(request->cmd, "init") != 0)
        return refuse(client, "its first request is not init", ret_why);
    if (client->dialect == DIALECT_NONE)
        pmi1_init(client, request);
    else if (client->dialect == DIALECT_1)
        pmi1_answer(client, request);
    else
        pmi2_answer(client, request);
    return 0;
}

/* A line of a command of several; the command is answered at its end. */
static int collect(struct client *client, const char *line, size_t len, char *ret_why)
{
    if (client->command.len + len >= COMMAND_MAX_BYTES)
        return refuse(client, "a command without end", ret_why);
    text_add(&client->command, line, len);
    text_add(&client->command, "\n", 1);
    client->in_command = strcmp(line, "endcmd") != 0;
    if (client->in_command)
        return 0;
    pmi1_answer_lines(client);
    text_fini(&client->command);
    return 0;
}

/* One request of lines from client->in: 1, 0 when there is no whole one yet. */
static int take_line(struct client *client, char *ret_why)
{
    struct text *in = &client->in;
    char *end = memchr(in->s, '\n', in->len);
    size_t len = end ? (size_t)(end - in->s) : in->len;
    int rc;

    if (len > LINE_MAX_BYTES || memchr(in->s, '\0', len))
        return refuse(client, "a line that is no text, or without end", ret_why);
    if (!end)
        return 0;
    *end = '\0';
    if (client->in_command || strncmp(in->s, "mcmd=", 5) == 0)
        rc = client->dialect == DIALECT_1
                 ? collect(client, in->s, len, ret_why)
                 : refuse(client, "its first request is not init", ret_why);
    else
        rc = answer(client, in->s, len, ret_why);
    text_drop(in, len + 1);
    return rc ? rc : 1;
}

/* The number in the six characters before a frame; 0: none is there. */
static size_t frame_length(const char *head)
{
    size_t n = 0;
    int i = 0;

    while (i < FRAME_HEAD && head[i] == ' ')
        i++;
    for (; i < FRAME_HEAD && head[i] >= '0' && head[i] <= '9'; i++)
        n = n * 10 + (size_t)(head[i] - '0');
    while (i < FRAME_HEAD && head[i] == ' ')
        i++;
    return i == FRAME_HEAD ? n : 0;
}

static int take_frame(struct client *client, char *ret_why)
{
    struct text *in = &client->in;
    size_t len;
    int rc;

    if (in->len < FRAME_HEAD)
        return 0;
    len = frame_length(in->s);
    if (len == 0 || len > FRAME_MAX_BYTES)
        return refuse(client, "a frame without a length, or too long", ret_why);
    if (in->len < FRAME_HEAD + len)
        return 0;
    /* What follows begins with the frame's NUL meanwhile. */
    char after = in->s[FRAME_HEAD + len];
    in->s[FRAME_HEAD + len] = '\0';
    rc = answer(client, in->s + FRAME_HEAD, len, ret_why);
    in->s[FRAME_HEAD + len] = after;
    text_drop(in, FRAME_HEAD + len);
    return rc ? rc : 1;
}

int client_feed(struct client *client, const char *data, size_t len, char *ret_why)
{
    int rc = 1;

    text_add(&client->in, data, len);
    while (rc > 0 && client->in.len && client->out.len < OUT_MAX_BYTES)
        rc = client->dialect == DIALECT_2 ? take_frame(client, ret_why)
                                          : take_line(client, ret_why);
    if (rc > 0 && client->in.len)
        return refuse(client, "it asks and does not read the answers", ret_why);
    return rc > 0 ? 0 : rc;
}
