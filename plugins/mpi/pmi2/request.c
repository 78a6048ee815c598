/* SPDX-License-Identifier: Apache-2.0
 *
 * request.c - take apart what a task asks for
 */
#include "request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int add_pair(struct request *request, char *pair)
{
    char *eq = strchr(pair, '=');

    if (!eq || request->n == REQUEST_PAIRS)
        return -EPROTO;
    *eq = '\0';
    if (!request->cmd) {
        if (strcmp(pair, "cmd") != 0)
            return -EPROTO;
        request->cmd = eq + 1;
        return 0;
    }
    request->pairs[request->n].key = pair;
    request->pairs[request->n++].value = eq + 1;
    return 0;
}

/* Values that stand last and may hold blanks. */
static bool goes_to_the_end(const char *pair)
{
    return strncmp(pair, "value=", 6) == 0 || strncmp(pair, "port=", 5) == 0 ||
           strncmp(pair, "message=", 8) == 0;
}

int request_parse_line(char *text, struct request *ret)
{
    ret->cmd = NULL;
    ret->n = 0;
    while (*(text += strspn(text, " \t\r"))) {
        char *pair = text;

        if (!goes_to_the_end(pair)) {
            text += strcspn(text, " \t\r");
            if (*text)
                *text++ = '\0';
        } else {
            text += strlen(text);
        }
        if (add_pair(ret, pair))
            return -EPROTO;
    }
    return ret->cmd ? 0 : -EPROTO;
}

int request_parse_frame(char *text, size_t len, struct request *ret)
{
    char *end = text + len, *begin = text, *to = text;

    ret->cmd = NULL;
    ret->n = 0;
    if (memchr(text, '\0', len))
        return -EPROTO;
    for (char *from = text; from < end; from++) {
        bool is_mark = *from == ';';

        if (is_mark && from + 1 < end && from[1] == ';') {
            from++;
            is_mark = false;
        }
        if (!is_mark) {
            *to++ = *from;
            continue;
        }
        *to++ = '\0';
        if (add_pair(ret, begin))
            return -EPROTO;
        begin = to;
    }
    if (to > begin)
        return -EPROTO; /* a pair without its end */
    return ret->cmd ? 0 : -EPROTO;
}

const char *request_get(const struct request *request, const char *key)
{
    for (size_t i = 0; i < request->n; i++)
        if (strcmp(request->pairs[i].key, key) == 0)
            return request->pairs[i].value;
    return NULL;
}

long request_number(const struct request *request, const char *key, long otherwise)
{
    const char *text = request_get(request, key);
    char *end;
    long n;

    if (!text || !*text)
        return otherwise;
    errno = 0;
    n = strtol(text, &end, 10);
    return *end || errno ? otherwise : n;
}
