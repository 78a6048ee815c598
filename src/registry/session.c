/* SPDX-License-Identifier: Apache-2.0
 *
 * session.c - requests to one registry, with rights and second tries
 */
#include "registry/session.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "registry/challenge.h"
#include "registry/credentials.h"
#include "registry/token.h"

#define TRIES_MAX 5
#define RETRY_AFTER_MAX 60 /* seconds */

struct session {
    const struct registry_settings *settings;
    char *host, *path, *base; /* "https://HOST" */
    bool is_insecure;
    pthread_mutex_t lock; /* for all below */
    bool knows;           /* credentials have been looked for */
    struct credentials credentials;
    char *scope, *authorization; /* the header for this scope */
};

const char *session_host(const struct session *session)
{
    return session->host;
}

int session_connect(const struct session *s, struct http **ret, struct err *err)
{
    return http_open(s->is_insecure, s->settings->ca_file, ret, err);
}

static int probe(const struct session *s, const char *base, struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    cleanup(http_closep) struct http *http = NULL;
    cleanup(freep) char *url = xasprintf("%s/v2/", base);
    struct http_request request = {.url = url};
    int r = session_connect(s, &http, err);

    return r < 0 ? r : http_do(http, &request, &answer, err);
}

/* An insecure registry may have no TLS at all. */
static int find_base(struct session *s, struct err *err)
{
    int r;

    s->base = xasprintf("https://%s", s->host);
    if (!s->is_insecure)
        return 0;
    r = probe(s, s->base, err);
    if (r == 0)
        return 0;
    free(s->base);
    s->base = xasprintf("http://%s", s->host);
    r = probe(s, s->base, err);
    return r == -EAGAIN ? 0 : r;
}

static int start(struct session *s, struct err *err)
{
    int r = find_base(s, err);

    return r < 0 ? err_wrap(err, "registry %s", s->host) : 0;
}

int session_open(const struct registry_settings *settings, const char *host,
                 const char *path, const struct credentials *known,
                 struct session **ret, struct err *err)
{
    cleanup(session_closep) struct session *s = xcalloc(1, sizeof(*s));
    int r;

    s->settings = settings;
    s->host = xstrdup(host);
    s->path = xstrdup(path);
    s->is_insecure = settings_are_insecure(settings, host);
    (void)pthread_mutex_init(&s->lock, NULL);
    if (known) {
        s->knows = true;
        s->credentials.user = known->user ? xstrdup(known->user) : NULL;
        s->credentials.password = known->password ? xstrdup(known->password) : NULL;
    }
    r = start(s, err);
    if (r < 0)
        return r;
    *ret = take(s);
    return 0;
}

void session_closep(struct session **session)
{
    struct session *s = *session;

    if (!s)
        return;
    credentials_fini(&s->credentials);
    (void)pthread_mutex_destroy(&s->lock);
    free(s->host);
    free(s->path);
    free(s->base);
    free(s->scope);
    free(s->authorization);
    free(s);
    *session = NULL;
}

char *session_url(const struct session *s, const char *fmt, ...)
{
    struct strbuf url = STRBUF_INIT;
    char *rest = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&rest, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    strbuf_printf(&url, "%s/v2/%s", s->base, rest);
    free(rest);
    return strbuf_take(&url);
}

char *session_resolve(const struct session *s, const char *location)
{
    if (*location == '/')
        return xasprintf("%s%s", s->base, location);
    return xstrdup(location);
}

/* Is 'url' on the registry itself? Only then it may see what proves who we are. */
static bool is_own(const struct session *s, const char *url)
{
    size_t len = strlen(s->base);

    return strncmp(url, s->base, len) == 0 && (url[len] == '/' || url[len] == '\0');
}

static char *authorization_for(struct session *s, const char *scope)
{
    char *copy = NULL;

    (void)pthread_mutex_lock(&s->lock);
    if (s->scope && strcmp(s->scope, scope) == 0)
        copy = xstrdup(s->authorization);
    (void)pthread_mutex_unlock(&s->lock);
    return copy;
}

static int find_credentials(struct session *s, struct err *err)
{
    int r = s->knows ? 0 : credentials_find(s->host, s->path, &s->credentials, err);

    s->knows = r == 0;
    return r;
}

static int log_in_message(const struct session *s, struct err *err)
{
    if (s->credentials.password || s->credentials.token)
        return err_set(err, EACCES, "registry %s does not accept these credentials",
                       s->host);
    return err_set(err, EACCES,
                   "registry %s wants to know who asks: berth image login %s", s->host,
                   s->host);
}

static int make_authorization(struct session *s, struct http *http, const char *scope,
                              const char *text, char **ret, struct err *err)
{
    cleanup(challenge_fini) struct challenge challenge =
        challenge_parse(text ? text : "");

    if (challenge.kind == CHALLENGE_BEARER)
        return token_fetch(http, &challenge, scope, &s->credentials, s->is_insecure,
                           ret, err);
    if (challenge.kind == CHALLENGE_BASIC && s->credentials.password) {
        *ret = token_basic(&s->credentials);
        return 0;
    }
    return log_in_message(s, err);
}

/* Answer a challenge; several threads that were refused at once ask once. 'used' is
 * what was refused. */
static int authorise(struct session *s, struct http *http, const char *scope,
                     const char *text, const char *used, struct err *err)
{
    char *made = NULL;
    int r = 0;

    (void)pthread_mutex_lock(&s->lock);
    if (!s->scope || strcmp(s->scope, scope) != 0 ||
        (used && strcmp(used, s->authorization) == 0)) {
        r = find_credentials(s, err);
        if (r == 0)
            r = make_authorization(s, http, scope, text, &made, err);
        if (r == 0) {
            str_replace(&s->scope, scope);
            free(s->authorization);
            s->authorization = made;
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
    return r;
}

bool is_transient(int r, long status)
{
    return r == -EAGAIN ||
           (r == 0 &&
            (status == 429 || (status >= 500 && status <= 504 && status != 501)));
}

bool backoff_wait(struct backoff *b, long retry_after)
{
    struct timespec pause = {.tv_nsec = 500000000};

    if (++b->tries >= TRIES_MAX)
        return false;
    if (retry_after >= 0) {
        pause.tv_sec = retry_after < RETRY_AFTER_MAX ? retry_after : RETRY_AFTER_MAX;
        pause.tv_nsec = 0;
    } else if (b->tries > 1) {
        pause = (struct timespec){.tv_sec = 1L << (b->tries - 2)};
    }
    while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
        ;
    return true;
}

void session_reason(const struct http_response *response, char *ret, size_t size)
{
    json_t *json = response->body.len
                       ? json_loadb(response->body.s, response->body.len, 0, NULL)
                       : NULL;
    const json_t *first = json_array_get(json_object_get(json, "errors"), 0);
    const char *message = json_string_value(json_object_get(first, "message"));

    (void)snprintf(ret, size, "%s%.160s", message ? ": " : "", message ? message : "");
    for (char *p = ret; *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = ' ';
    json_decref(json);
}

static int refused(const struct session *s, const struct http_response *answer,
                   struct err *err)
{
    char reason[200];

    session_reason(answer, reason, sizeof(reason));
    if (answer->status == 401)
        return log_in_message(s, err);
    return err_set(err, EACCES, "registry %s does not allow it%s", s->host, reason);
}

/* One try, or two when rights have to be got first. */
static int try_once(struct session *s, struct http *http, const char *scope,
                    struct http_request *request, struct http_response *ret,
                    struct err *err)
{
    for (int tries = 0;; tries++) {
        cleanup(freep) char *authorization =
            is_own(s, request->url) ? authorization_for(s, scope) : NULL;
        int r;

        request->authorization = authorization;
        r = http_do(http, request, ret, err);
        request->authorization = NULL;
        if (r < 0)
            return err_wrap(err, "registry %s", s->host);
        if (ret->status != 401 && ret->status != 403)
            return 0;
        if (ret->status == 403 || tries)
            return refused(s, ret, err);
        r = authorise(s, http, scope, ret->challenge, authorization, err);
        if (r < 0)
            return r;
        http_response_fini(ret);
    }
}

int session_do(struct session *s, struct http *http, const char *scope,
               struct http_request *request, struct http_response *ret, struct err *err)
{
    bool may_repeat = !request->sink && !request->file_len;
    struct backoff backoff = {0};

    for (;;) {
        int r = try_once(s, http, scope, request, ret, err);

        if (!may_repeat || !is_transient(r, ret->status) ||
            !backoff_wait(&backoff, ret->retry_after))
            return r;
        http_response_fini(ret);
    }
}
