/* SPDX-License-Identifier: Apache-2.0
 *
 * module.c - what one registry, or all that are configured, are asked
 */
#include "registry/module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "registry/catalogue.h"
#include "registry/credentials.h"
#include "registry/name.h"
#include "registry/session.h"

/* One session with one connection. */
struct line {
    struct session *session;
    struct http *http;
};

static void line_fini(struct line *line)
{
    http_closep(&line->http);
    session_closep(&line->session);
}

static int line_open(const struct registry_settings *settings, const char *host,
                     const char *path, const struct credentials *known,
                     struct line *ret, struct err *err)
{
    int r = session_open(settings, host, path, known, &ret->session, err);

    return r < 0 ? r : session_connect(ret->session, &ret->http, err);
}

static int tags_on(const struct registry_settings *settings, const char *host,
                   const char *path, char ***ret, struct err *err)
{
    cleanup(line_fini) struct line line = {0};
    int r = line_open(settings, host, path, NULL, &line, err);

    return r < 0 ? r : catalogue_tags(line.session, line.http, path, ret, err);
}

static int tags(const struct registry_settings *settings, const char *name, char ***ret,
                struct err *err)
{
    cleanup(registry_name_fini) struct registry_name parsed = {0};
    cleanup(strv_freep) char **hosts = NULL;
    int r = registry_name_parse(name, &parsed, err);

    if (r < 0)
        return r;
    if (parsed.tag || *parsed.digest)
        return err_set(err, EINVAL, "'%.80s' has a tag: name the repository alone",
                       name);
    if (parsed.host)
        return tags_on(settings, parsed.host, parsed.path, ret, err);
    r = settings_search(settings, name, &hosts, err);
    strv_foreach (host, hosts) {
        r = tags_on(settings, *host, parsed.path, ret, err);
        if (r != -ENOENT)
            return r;
    }
    return r;
}

static int search_on(const struct registry_settings *settings, const char *host,
                     const char *term, char ***ret, struct err *err)
{
    cleanup(line_fini) struct line line = {0};
    cleanup(strv_freep) char **names = NULL;
    int r = line_open(settings, host, "", NULL, &line, err);

    if (r == 0)
        r = catalogue_search(line.session, line.http, term, &names, err);
    if (r < 0)
        return r;
    strv_foreach (name, names)
        strv_take(ret, xasprintf("%s/%s", host, *name));
    return 0;
}

static int search(const struct registry_settings *settings, const char *host,
                  const char *term, char ***ret, struct err *err)
{
    cleanup(strv_freep) char **hosts = NULL;
    int r;

    if (host)
        return search_on(settings, host, term, ret, err);
    r = settings_search(settings, term, &hosts, err);
    strv_foreach (one, hosts)
        if (r == 0)
            r = search_on(settings, *one, term, ret, err);
    return r;
}

static int check_login(const struct registry_settings *settings, const char *host,
                       const struct credentials *credentials, struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    cleanup(line_fini) struct line line = {0};
    cleanup(freep) char *url = NULL;
    struct http_request request = {0};
    int r = line_open(settings, host, "", credentials, &line, err);

    if (r < 0)
        return r;
    url = session_url(line.session, "%s", "");
    request.url = url;
    r = session_do(line.session, line.http, "", &request, &answer, err);
    if (r == 0 && answer.status != 200)
        r = err_set(err, EPROTO, "%s is no registry: it answers %ld", host,
                    answer.status);
    return r;
}

static int login(const struct registry_settings *settings, const char *host,
                 const char *user, const char *password, char **ret_where,
                 struct err *err)
{
    cleanup(credentials_fini) struct credentials credentials = {
        .user = xstrdup(user), .password = xstrdup(password)};
    int r = check_login(settings, host, &credentials, err);

    return r < 0 ? r : credentials_store(host, user, password, ret_where, err);
}

__attribute__((
    visibility("default"))) extern const struct registry_module registry_module;

const struct registry_module registry_module = {
    .pull = registry_pull,
    .resolve = registry_resolve,
    .push = registry_push,
    .tags = tags,
    .search = search,
    .login = login,
    .logout = credentials_erase,
};
