/* SPDX-License-Identifier: Apache-2.0
 *
 * catalogue.c - read lists page by page
 */
#include "registry/catalogue.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

#define PAGES_MAX 1000

static void release_json(json_t **json)
{
    json_decref(*json);
}

/* <TARGET>; rel="next" (RFC 8288). */
char *catalogue_next(const char *link)
{
    const char *open = link ? strchr(link, '<') : NULL;
    const char *close = open ? strchr(open, '>') : NULL;

    if (!close || close == open + 1 || !strstr(close, "next"))
        return NULL;
    return xstrndup(open + 1, (size_t)(close - open - 1));
}

/* Names come from a stranger and go to a terminal. */
static bool is_printable(const char *s)
{
    for (; *s; s++)
        if (!isgraph((unsigned char)*s))
            return false;
    return true;
}

/* Vectors grow slowly; a list of strings that doubles does not. */
struct names {
    char **list;
    size_t n, room;
};

static void add(struct names *names, const char *name)
{
    if (names->n + 1 >= names->room) {
        names->room = names->room ? 2 * names->room : 64;
        names->list = xrealloc(names->list, names->room, sizeof(*names->list));
    }
    names->list[names->n++] = xstrdup(name);
    names->list[names->n] = NULL;
}

static int take_page(const struct http_response *answer, const char *key,
                     const char *term, struct names *names, struct err *err)
{
    cleanup(release_json) json_t *json =
        json_loadb(answer->body.s ? answer->body.s : "", answer->body.len, 0, NULL);
    const json_t *list = json_object_get(json, key);

    if (!json_is_object(json))
        return err_set(err, EPROTO, "the registry's list is not a JSON object");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));

        if (!name || !is_printable(name) || (term && !strstr(name, term)))
            continue;
        if (names->n == CATALOGUE_MAX)
            return err_set(err, E2BIG, "more than %d names", CATALOGUE_MAX);
        add(names, name);
    }
    return 0;
}

static int get_page(struct session *session, struct http *http, const char *scope,
                    const char *url, struct http_response *answer, struct err *err)
{
    struct http_request request = {.url = url};
    char reason[200];
    int r = session_do(session, http, scope, &request, answer, err);

    if (r < 0 || answer->status == 200)
        return r;
    session_reason(answer, reason, sizeof(reason));
    return err_set(err, answer->status == 404 ? ENOENT : EPROTO,
                   "registry %s answers %ld%s", session_host(session), answer->status,
                   reason);
}

static int read_pages(struct session *session, struct http *http, const char *scope,
                      const char *first, const char *key, const char *term,
                      struct names *names, struct err *err)
{
    cleanup(freep) char *url = xstrdup(first);

    for (int page = 0; url && page < PAGES_MAX; page++) {
        cleanup(http_response_fini) struct http_response answer = {0};
        cleanup(freep) char *next = NULL;
        int r = get_page(session, http, scope, url, &answer, err);

        if (r == 0)
            r = take_page(&answer, key, term, names, err);
        if (r < 0)
            return r;
        next = catalogue_next(answer.link);
        free(url);
        url = next ? session_resolve(session, next) : NULL;
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_list(struct session *session, struct http *http, const char *scope,
                     const char *url, const char *key, const char *term, char ***ret,
                     struct err *err)
{
    struct names names = {0};
    int r = read_pages(session, http, scope, url, key, term, &names, err);

    if (r < 0) {
        strv_free(names.list);
        return r;
    }
    if (names.n)
        qsort(names.list, names.n, sizeof(*names.list), by_name);
    *ret = names.list;
    return 0;
}

int catalogue_tags(struct session *session, struct http *http, const char *path,
                   char ***ret, struct err *err)
{
    cleanup(freep) char *url = session_url(session, "%s/tags/list?n=1000", path);
    cleanup(freep) char *scope = xasprintf("repository:%s:pull", path);

    return read_list(session, http, scope, url, "tags", NULL, ret, err);
}

int catalogue_search(struct session *session, struct http *http, const char *term,
                     char ***ret, struct err *err)
{
    cleanup(freep) char *url = session_url(session, "_catalog?n=1000");
    int r = read_list(session, http, "registry:catalog:*", url, "repositories", term,
                      ret, err);

    if (r == -ENOENT)
        return err_set(err, EOPNOTSUPP,
                       "registry %s shows no catalogue, only tags of a name: berth "
                       "image tags %s/NAME",
                       session_host(session), session_host(session));
    return r;
}
