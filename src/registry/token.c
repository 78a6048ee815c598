/* SPDX-License-Identifier: Apache-2.0
 *
 * token.c - ask a token service
 */
#include "registry/token.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "registry/session.h"

char *token_basic(const struct credentials *c)
{
    cleanup(freep) char *plain =
        xasprintf("%s:%s", c->user ? c->user : "", c->password ? c->password : "");
    size_t len = strlen(plain);
    size_t max = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
    cleanup(freep) char *text = xcalloc(1, max);

    (void)sodium_bin2base64(text, max, (const unsigned char *)plain, len,
                            sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(plain, len);
    return xasprintf("Basic %s", text);
}

static int read_token(const struct http_response *answer, char **ret, struct err *err)
{
    json_t *json =
        json_loadb(answer->body.s ? answer->body.s : "", answer->body.len, 0, NULL);
    const char *token = json_string_value(json_object_get(json, "token"));
    int r = 0;

    if (!token)
        token = json_string_value(json_object_get(json, "access_token"));
    if (!token || strpbrk(token, "\r\n"))
        r = err_set(err, EPROTO, "the token service gives no token");
    else
        *ret = xasprintf("Bearer %s", token);
    json_decref(json);
    return r;
}

static void add_field(struct strbuf *sb, char mark, const char *name, const char *value)
{
    cleanup(freep) char *escaped = value ? http_escape(value) : NULL;

    if (escaped)
        strbuf_printf(sb, "%c%s=%s", mark, name, escaped);
}

static int ask(struct http *http, struct http_request *request,
               struct http_response *answer, struct err *err)
{
    struct backoff backoff = {0};

    for (;;) {
        int r = http_do(http, request, answer, err);

        if (!is_transient(r, answer->status) ||
            !backoff_wait(&backoff, answer->retry_after))
            return r;
        http_response_fini(answer);
    }
}

static int send(struct http *http, struct http_request *request, char **ret,
                struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    char reason[200];
    int r = ask(http, request, &answer, err);

    if (r < 0)
        return err_wrap(err, "token service");
    if (answer.status == 200)
        return read_token(&answer, ret, err);
    session_reason(&answer, reason, sizeof(reason));
    if (answer.status == 401 || answer.status == 403)
        return err_set(err, EACCES, "the token service refuses these credentials%s",
                       reason);
    return err_set(err, EPROTO, "the token service answers %ld%s", answer.status,
                   reason);
}

/* OAuth: an identity token instead of a password. */
static int exchange(struct http *http, const struct challenge *challenge,
                    const char *scope, const struct credentials *c, char **ret,
                    struct err *err)
{
    cleanup(strbuf_fini) struct strbuf form = STRBUF_INIT;
    struct http_request request = {
        .method = "POST",
        .url = challenge->realm,
        .content_type = "application/x-www-form-urlencoded",
    };

    strbuf_puts(&form, "grant_type=refresh_token&client_id=berth");
    add_field(&form, '&', "service", challenge->service);
    add_field(&form, '&', "scope", scope);
    add_field(&form, '&', "refresh_token", c->token);
    request.body = form.s;
    request.body_len = form.len;
    return send(http, &request, ret, err);
}

int token_fetch(struct http *http, const struct challenge *challenge, const char *scope,
                const struct credentials *c, bool is_insecure, char **ret,
                struct err *err)
{
    cleanup(strbuf_fini) struct strbuf url = STRBUF_INIT;
    cleanup(strv_freep) char **scopes = NULL;
    cleanup(freep) char *basic = c->password ? token_basic(c) : NULL;
    struct http_request request = {.authorization = basic};
    bool is_tls = strncmp(challenge->realm, "https://", 8) == 0;

    if (!is_tls && !(is_insecure && strncmp(challenge->realm, "http://", 7) == 0))
        return err_set(err, EPROTO, "the token service '%.100s' is not HTTPS",
                       challenge->realm);
    if (c->token)
        return exchange(http, challenge, scope, c, ret, err);
    strbuf_puts(&url, challenge->realm);
    add_field(&url, strchr(challenge->realm, '?') ? '&' : '?', "service",
              challenge->service);
    scopes = strv_split(scope, " ");
    strv_foreach (one, scopes)
        add_field(&url, strchr(url.s, '?') ? '&' : '?', "scope", *one);
    request.url = url.s;
    return send(http, &request, ret, err);
}
