/* SPDX-License-Identifier: Apache-2.0
 *
 * name.c - take the names of images apart
 */
#include "registry/name.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/digest.h"

#define TAG_MAX 128
#define SCHEME "docker://"

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* One of ".", "_", "__", "-", "--"...; its length, 0 for none. */
static size_t separator(const char *s, size_t len)
{
    size_t n = 0;

    if (len && s[0] == '.')
        return 1;
    if (len && s[0] == '_')
        return len > 1 && s[1] == '_' ? 2 : 1;
    while (n < len && s[n] == '-')
        n++;
    return n;
}

static bool is_word(const char *s, size_t len)
{
    size_t at = 0;

    for (;;) {
        size_t gap;

        if (at == len || !is_lower(s[at]))
            return false;
        while (at < len && is_lower(s[at]))
            at++;
        if (at == len)
            return true;
        gap = separator(s + at, len - at);
        if (!gap)
            return false;
        at += gap;
    }
}

static bool is_path(const char *s, size_t len)
{
    for (;;) {
        const char *slash = memchr(s, '/', len);
        size_t word = slash ? (size_t)(slash - s) : len;

        if (!is_word(s, word))
            return false;
        if (!slash)
            return true;
        s += word + 1;
        len -= word + 1;
    }
}

static bool is_tag(const char *s, size_t len)
{
    if (!len || len > TAG_MAX || s[0] == '.' || s[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("_.-", s[i]))
            return false;
    return true;
}

bool registry_host_is_valid(const char *s, size_t len)
{
    const char *colon = memchr(s, ':', len);
    size_t name = colon ? (size_t)(colon - s) : len;

    if (!name || !isalnum((unsigned char)s[0]))
        return false;
    for (size_t i = 0; i < name; i++)
        if (!isalnum((unsigned char)s[i]) && s[i] != '.' && s[i] != '-')
            return false;
    if (!colon)
        return true;
    if (name + 1 == len || len - name > 6)
        return false;
    for (size_t i = name + 1; i < len; i++)
        if (!isdigit((unsigned char)s[i]))
            return false;
    return true;
}

/* The length of the host at the beginning, 0 when there is none. */
static size_t host_length(const char *s)
{
    const char *slash = strchr(s, '/');
    size_t len = slash ? (size_t)(slash - s) : 0;

    if (!len || !(memchr(s, '.', len) || memchr(s, ':', len) ||
                  (len == 9 && memcmp(s, "localhost", 9) == 0)))
        return 0;
    return len;
}

static int refuse(const char *text, const char *what, struct err *err)
{
    return err_set(err, EINVAL, "'%.80s' is no image name: %s", text, what);
}

/* What is left after host and digest: the path, and a tag. */
static int parse_rest(const char *text, const char *s, size_t len,
                      struct registry_name *name, struct err *err)
{
    const char *colon = memchr(s, ':', len);
    size_t path = colon ? (size_t)(colon - s) : len;

    if (colon && !is_tag(colon + 1, len - path - 1))
        return refuse(text, "a tag is letters, digits, '_', '.' and '-'", err);
    if (!is_path(s, path)) {
        for (size_t i = 0; i < path; i++)
            if (isupper((unsigned char)s[i]))
                return refuse(text, "registries know lower-case names only", err);
        return refuse(text, "[HOST[:PORT]/]PATH[:TAG][@DIGEST]", err);
    }
    name->path = xstrndup(s, path);
    if (colon)
        name->tag = xstrndup(colon + 1, len - path - 1);
    return 0;
}

int registry_name_parse(const char *text, struct registry_name *ret, struct err *err)
{
    struct registry_name name = {0};
    const char *s = text, *at;
    size_t host;
    int r;

    if (strncmp(s, SCHEME, sizeof(SCHEME) - 1) == 0)
        s += sizeof(SCHEME) - 1;
    if (strlen(s) > REGISTRY_NAME_MAX + IMAGE_DIGEST_MAX)
        return refuse(text, "it is too long", err);
    at = strchr(s, '@');
    if (at && !digest_is_valid(at + 1))
        return refuse(text, "after '@' comes sha256: and 64 hex digits", err);
    host = host_length(s);
    if (host && !registry_host_is_valid(s, host))
        return refuse(text, "what is before the first '/' is no host", err);
    if (at)
        memcpy(name.digest, at + 1, strlen(at + 1) + 1);
    if (host) {
        name.host = xstrndup(s, host);
        s += host + 1;
    }
    r = parse_rest(text, s, at && at > s ? (size_t)(at - s) : strlen(s), &name, err);
    if (r < 0) {
        registry_name_fini(&name);
        return r;
    }
    *ret = name;
    return 0;
}

void registry_name_fini(struct registry_name *name)
{
    free(name->host);
    free(name->path);
    free(name->tag);
    *name = (struct registry_name){0};
}

const char *registry_name_reference(const struct registry_name *name)
{
    if (*name->digest)
        return name->digest;
    return name->tag ? name->tag : "latest";
}

char *registry_name_local(const struct registry_name *name)
{
    const char *host = name->host ? name->host : "";
    const char *slash = name->host ? "/" : "";

    if (!name->tag && *name->digest)
        return xasprintf("%s%s%s:sha256-%.12s", host, slash, name->path,
                         digest_hex(name->digest));
    return xasprintf("%s%s%s:%s", host, slash, name->path,
                     name->tag ? name->tag : "latest");
}
