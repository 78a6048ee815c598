/* SPDX-License-Identifier: Apache-2.0
 *
 * pick.c - compare platforms and names
 */
#include "image/pick.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "image/oci.h"

static bool set_part(char part[16], const char *text)
{
    size_t len = strlen(text);

    if (!len || len >= 16 || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789") < len)
        return false;
    memcpy(part, text, len + 1);
    return true;
}

int platform_parse(const char *text, struct platform *ret, struct err *err)
{
    cleanup(strv_freep) char **parts = strv_split(text, "/");
    struct platform p = {.os = "linux"};
    size_t n = strv_len(parts);
    bool good = n >= 1 && n <= 3;

    if (good && n == 1)
        good = set_part(p.arch, parts[0]);
    else if (good)
        good = set_part(p.os, parts[0]) && set_part(p.arch, parts[1]) &&
               (n == 2 || set_part(p.variant, parts[2]));
    if (!good)
        return err_set(err, EINVAL,
                       "'%.40s' is no platform: OS/ARCH[/VARIANT], as linux/arm64",
                       text);
    *ret = p;
    return 0;
}

struct platform platform_here(void)
{
    struct platform p = {.os = "linux"};

    (void)set_part(p.arch, oci_machine());
    return p;
}

static bool fits(const char *want, const char *is)
{
    return !is || !*is || !*want || strcmp(want, is) == 0;
}

bool platform_fits(const struct platform *want, const char *os, const char *arch,
                   const char *variant)
{
    return fits(want->os, os) && fits(want->arch, arch) && fits(want->variant, variant);
}

char *platform_format(const struct platform *p)
{
    return xasprintf("%s/%s%s%s", p->os, p->arch, *p->variant ? "/" : "", p->variant);
}

/* Is 'name' the end of 'whole', at a slash? */
static bool ends_with(const char *whole, const char *name)
{
    size_t len = strlen(whole), end = strlen(name);

    return len > end + 1 && whole[len - end - 1] == '/' &&
           strcmp(whole + len - end, name) == 0;
}

/* What follows the last colon, if it is a tag. */
static const char *tag_of(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon && !strchr(colon, '/') ? colon + 1 : NULL;
}

bool pick_is_called(const char *name, const char *want)
{
    const char *tag = tag_of(want);
    cleanup(freep) char *full = tag ? xstrdup(want) : xasprintf("%s:latest", want);

    return strcmp(name, want) == 0 || strcmp(name, full) == 0 ||
           ends_with(name, want) || ends_with(name, full) ||
           (tag && strcmp(name, tag) == 0);
}
