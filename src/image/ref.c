/* SPDX-License-Identifier: Apache-2.0
 *
 * ref.c - judge and spell the names of images
 */
#include "image/ref.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "image/store.h"

static bool is_part(const char *s, size_t len)
{
    if (!len || !isalnum((unsigned char)s[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("_.-", s[i]))
            return false;
    return true;
}

/* "host:5000": the one place where a colon is no tag. */
static bool is_host(const char *s, size_t len)
{
    const char *colon = memchr(s, ':', len);
    size_t digits;

    if (!colon)
        return false;
    digits = strspn(colon + 1, "0123456789");
    return is_part(s, (size_t)(colon - s)) && digits && colon + 1 + digits == s + len;
}

static bool is_name(const char *s, size_t len)
{
    bool first = true;

    for (;;) {
        const char *slash = memchr(s, '/', len);
        size_t part = slash ? (size_t)(slash - s) : len;

        if (!is_part(s, part) && !(first && slash && is_host(s, part)))
            return false;
        if (!slash)
            return true;
        s += part + 1;
        len -= part + 1;
        first = false;
    }
}

int ref_normalise(const char *text, char **ret, struct err *err)
{
    const char *slash = strrchr(text, '/');
    const char *colon = strchr(slash ? slash : text, ':');
    size_t len = colon ? (size_t)(colon - text) : strlen(text);

    if (strlen(text) > REF_MAX)
        return err_set(err, EINVAL,
                       "image name '%.32s...' is longer than %d characters", text,
                       REF_MAX);
    if (!is_name(text, len) || (colon && !is_part(colon + 1, strlen(colon + 1))) ||
        (len == 6 && memcmp(text, "sha256", 6) == 0))
        return err_set(
            err, EINVAL,
            "'%s' is no image name: NAME[:TAG] of letters, digits, '_', '.', "
            "'-' and '/'",
            text);
    *ret = colon ? xstrdup(text) : xasprintf("%s:latest", text);
    return 0;
}

int image_check_name(const char *ref, struct err *err)
{
    cleanup(freep) char *name = NULL;

    return ref_normalise(ref, &name, err);
}

static char *replaced(const char *s, char from, char to)
{
    char *copy = xstrdup(s);

    for (char *p = copy; *p; p++)
        if (*p == from)
            *p = to;
    return copy;
}

char *ref_to_file(const char *name)
{
    return replaced(name, '/', '@');
}

char *ref_from_file(const char *file)
{
    return replaced(file, '@', '/');
}
