/* SPDX-License-Identifier: Apache-2.0
 *
 * dockercfg.c - find and change what config.json says on a registry
 */
#include "registry/dockercfg.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void release_json(json_t **json)
{
    json_decref(*json);
}

static void forget(char *secret)
{
    if (secret)
        sodium_memzero(secret, strlen(secret));
    free(secret);
}

void credentials_fini(struct credentials *c)
{
    free(c->user);
    forget(c->password);
    forget(c->token);
    *c = (struct credentials){0};
}

void dockercfg_answer_fini(struct dockercfg_answer *answer)
{
    free(answer->helper);
    credentials_fini(&answer->credentials);
    *answer = (struct dockercfg_answer){0};
}

static int load(const char *bytes, size_t len, json_t **ret, struct err *err)
{
    json_error_t why;
    json_t *json;

    if (len > DOCKERCFG_MAX)
        return err_set(err, EFBIG, "it is larger than %u bytes", DOCKERCFG_MAX);
    json = json_loadb(bytes, len, 0, &why);
    if (!json || !json_is_object(json)) {
        json_decref(json);
        return err_set(err, EINVAL, "it is not a JSON object: line %d: %s", why.line,
                       why.text);
    }
    *ret = json;
    return 0;
}

/* "https://HOST/v1/" -> "HOST", in place of 'key'. */
static char *bare_key(const char *key)
{
    const char *start = strstr(key, "://");
    char *bare = xstrdup(start ? start + 3 : key);
    size_t len = strlen(bare);

    if (start && strchr(bare, '/'))
        len = strcspn(bare, "/");
    while (len && bare[len - 1] == '/')
        len--;
    bare[len] = '\0';
    return bare;
}

/* How much of HOST/PATH the key covers; 0: nothing. */
static size_t key_covers(const char *key, const char *full)
{
    cleanup(freep) char *bare = bare_key(key);
    size_t len = strlen(bare);

    if (!len || strncmp(bare, full, len) != 0 || (full[len] && full[len] != '/'))
        return 0;
    return len;
}

/* "user:password" in base64. */
static int decode_auth(const char *auth, struct credentials *ret, struct err *err)
{
    size_t max = strlen(auth), len;
    cleanup(freep) char *plain = xcalloc(1, max + 1);
    char *colon;

    if (sodium_base642bin((unsigned char *)plain, max, auth, strlen(auth), "\r\n ",
                          &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return err_set(err, EINVAL, "an 'auth' in it is not base64");
    plain[len] = '\0';
    colon = strchr(plain, ':');
    if (!colon)
        return err_set(err, EINVAL, "an 'auth' in it is not user:password");
    ret->user = xstrndup(plain, (size_t)(colon - plain));
    ret->password = xstrdup(colon + 1);
    sodium_memzero(plain, len);
    return 0;
}

static char *string_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text && *text ? xstrdup(text) : NULL;
}

static int take_entry(const json_t *entry, struct credentials *ret, struct err *err)
{
    cleanup(freep) char *auth = string_of(entry, "auth");

    ret->token = string_of(entry, "identitytoken");
    if (auth)
        return decode_auth(auth, ret, err);
    ret->user = string_of(entry, "username");
    ret->password = string_of(entry, "password");
    return 0;
}

static int find_auth(const json_t *json, const char *full, struct credentials *ret,
                     struct err *err)
{
    json_t *auths = json_object_get(json, "auths"), *entry, *best = NULL;
    const char *key;
    size_t most = 0;

    json_object_foreach(auths, key, entry)
    {
        size_t covered = key_covers(key, full);

        if (covered > most) {
            most = covered;
            best = entry;
        }
    }
    return best ? take_entry(best, ret, err) : 0;
}

int dockercfg_find(const char *bytes, size_t len, const char *host, const char *path,
                   struct dockercfg_answer *ret, struct err *err)
{
    cleanup(release_json) json_t *json = NULL;
    cleanup(freep) char *full = xasprintf("%s/%s", host, path);
    struct dockercfg_answer answer = {0};
    int r = load(bytes, len, &json, err);

    if (r < 0)
        return r;
    answer.helper = string_of(json_object_get(json, "credHelpers"), host);
    if (!answer.helper)
        r = find_auth(json, full, &answer.credentials, err);
    if (r == 0 && !answer.helper && !answer.credentials.password &&
        !answer.credentials.token)
        answer.helper = string_of(json, "credsStore");
    if (r < 0) {
        dockercfg_answer_fini(&answer);
        return r;
    }
    *ret = answer;
    return 0;
}

static json_t *make_entry(const char *user, const char *password)
{
    cleanup(freep) char *plain = xasprintf("%s:%s", user, password);
    size_t len = strlen(plain);
    size_t max = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
    cleanup(freep) char *auth = xcalloc(1, max);

    (void)sodium_bin2base64(auth, max, (const unsigned char *)plain, len,
                            sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(plain, len);
    return json_pack("{s:s}", "auth", auth);
}

int dockercfg_change(const char *bytes, size_t len, const char *host, const char *user,
                     const char *password, char **ret, struct err *err)
{
    cleanup(release_json) json_t *json = NULL;
    json_t *auths;
    char *text;
    int r;

    if (bytes && len) {
        r = load(bytes, len, &json, err);
        if (r < 0)
            return r;
    } else {
        json = json_object();
    }
    auths = json_object_get(json, "auths");
    if (!json_is_object(auths)) {
        auths = json_object();
        (void)json_object_set_new(json, "auths", auths);
    }
    if (user)
        (void)json_object_set_new(auths, host, make_entry(user, password));
    else if (json_object_del(auths, host) < 0)
        return err_set(err, ENOENT, "not logged in to %s", host);
    text = json_dumps(json, JSON_INDENT(2));
    if (!text)
        return err_set(err, EINVAL, "cannot write JSON");
    *ret = text;
    return 0;
}

int dockercfg_parse_helper(const char *bytes, size_t len, struct credentials *ret,
                           struct err *err)
{
    cleanup(release_json) json_t *json = NULL;
    struct credentials c = {0};
    int r = load(bytes, len, &json, err);

    if (r < 0)
        return r;
    c.user = string_of(json, "Username");
    c.password = string_of(json, "Secret");
    if (!c.user || !c.password) {
        credentials_fini(&c);
        return err_set(err, EINVAL, "it has no Username and Secret");
    }
    if (strcmp(c.user, "<token>") == 0) {
        c.token = take(c.password);
        free(take(c.user));
    }
    *ret = c;
    return 0;
}
