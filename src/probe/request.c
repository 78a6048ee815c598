/* SPDX-License-Identifier: Apache-2.0
 *
 * request.c - what is asked of an HTTP server, and where it sends one on to
 */
#include "probe/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strbuf.h"

/* Servers let probes pass by the first word. */
#define AGENT "kube-probe/1.33 (berth)"

char *authority_format(const char *host, uint16_t port)
{
    bool is_v6 = strchr(host, ':');

    return xasprintf("%s%s%s:%u", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
}

/* What may not stand in a request line goes as %XX. */
static void add_path(struct strbuf *out, const char *path)
{
    if (path[0] != '/')
        strbuf_putc(out, '/');
    for (const char *c = path; *c && *c != '#'; c++)
        if (*c <= ' ' || *c == 0x7f)
            strbuf_printf(out, "%%%02X", (unsigned char)*c);
        else
            strbuf_putc(out, *c);
}

static bool is_token(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("!#$%&'*+-.^_`|~", *c))
            return false;
    return *name;
}

static int check_header(const struct mf_pair *header, struct err *err)
{
    if (!is_token(header->key))
        return err_set(err, EINVAL, "'%.64s' cannot be the name of a header",
                       header->key);
    for (const char *c = header->value; c && *c; c++)
        if ((unsigned char)*c < ' ' && *c != '\t')
            return err_set(err, EINVAL, "header %.64s: a control character in it",
                           header->key);
    return 0;
}

static bool is_said(const mf_pairs *headers, const char *name)
{
    for (size_t i = 0; headers && i < headers->n; i++)
        if (strcasecmp(headers->items[i].key, name) == 0)
            return true;
    return false;
}

int request_build(const char *host, uint16_t port, const char *path,
                  const mf_pairs *headers, char **ret, struct err *err)
{
    cleanup(freep) char *authority = authority_format(host, port);
    struct strbuf out = STRBUF_INIT;

    strbuf_puts(&out, "GET ");
    add_path(&out, path);
    strbuf_puts(&out, " HTTP/1.1\r\n");
    if (!is_said(headers, "Host"))
        strbuf_printf(&out, "Host: %s\r\n", authority);
    if (!is_said(headers, "User-Agent"))
        strbuf_puts(&out, "User-Agent: " AGENT "\r\n");
    if (!is_said(headers, "Accept"))
        strbuf_puts(&out, "Accept: */*\r\n");
    for (size_t i = 0; headers && i < headers->n; i++) {
        const struct mf_pair *header = &headers->items[i];
        int r = check_header(header, err);

        if (r < 0) {
            strbuf_fini(&out);
            return r;
        }
        /* One exchange a connection, whatever the manifest says. */
        if (strcasecmp(header->key, "Connection") != 0)
            strbuf_printf(&out, "%s: %s\r\n", header->key,
                          header->value ? header->value : "");
    }
    strbuf_puts(&out, "Connection: close\r\n\r\n");
    *ret = strbuf_take(&out);
    return 0;
}

/* "HOST[:PORT]" of 'len' bytes is 'host': its port, or 'port' when it names none. */
static bool is_same_host(const char *authority, size_t len, const char *host,
                         uint16_t *port)
{
    bool is_v6 = authority[0] == '[';
    size_t host_len = strlen(host), rest = host_len + (is_v6 ? 2 : 0);
    long number;
    char *end;

    if (len < rest || strncasecmp(authority + is_v6, host, host_len) != 0 ||
        (is_v6 && authority[rest - 1] != ']'))
        return false;
    if (len == rest)
        return true;
    if (authority[rest] != ':')
        return false;
    number = strtol(authority + rest + 1, &end, 10);
    if (end != authority + len || number < 1 || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

/* 'relative' beside the last part of 'path'. */
static char *path_beside(const char *path, const char *relative)
{
    size_t len = strcspn(path, "?#");

    if (relative[0] == '?' || !relative[0])
        return xasprintf("%.*s%s", (int)len, path, relative);
    while (len && path[len - 1] != '/')
        len--;
    return xasprintf("%.*s%s", (int)len, path, relative);
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text >= 0x7f)
            return false;
    return true;
}

bool redirect_resolve(const char *host, uint16_t port, const char *path,
                      const char *location, uint16_t *ret_port, char **ret_path)
{
    const char *authority = NULL, *rest;

    if (!is_printable(location))
        return false;
    *ret_port = port;
    if (strncasecmp(location, "http://", 7) == 0) {
        authority = location + 7;
        *ret_port = 80;
    } else if (strncmp(location, "//", 2) == 0) {
        authority = location + 2;
        *ret_port = 80;
    } else if (strstr(location, "://") &&
               strcspn(location, "/?") > strcspn(location, ":"))
        return false;
    if (!authority) {
        *ret_path =
            location[0] == '/' ? xstrdup(location) : path_beside(path, location);
        return true;
    }
    rest = authority + strcspn(authority, "/?#");
    if (!is_same_host(authority, (size_t)(rest - authority), host, ret_port))
        return false;
    *ret_path = *rest == '/' ? xstrdup(rest) : xasprintf("/%s", rest);
    return true;
}
