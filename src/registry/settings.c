/* SPDX-License-Identifier: Apache-2.0
 *
 * settings.c - where to look, and whom to believe
 */
#include "registry/settings.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

bool settings_are_insecure(const struct registry_settings *settings, const char *host)
{
    cleanup(strv_freep) char **list = NULL;
    size_t bare = strcspn(host, ":");

    if (settings->all_insecure)
        return true;
    list = settings->insecure ? strv_split(settings->insecure, ", ") : NULL;
    strv_foreach (entry, list)
        if (strcmp(*entry, host) == 0 ||
            (strlen(*entry) == bare && memcmp(*entry, host, bare) == 0))
            return true;
    return false;
}

/* "a.org/x" covers "a.org/x" and "a.org/x/y", not "a.org/xy". */
static bool covers(const char *rule, size_t len, const char *full)
{
    return strncmp(rule, full, len) == 0 && (full[len] == '/' || full[len] == '\0');
}

char **settings_sources(const struct registry_settings *settings, const char *host,
                        const char *path)
{
    cleanup(freep) char *full = xasprintf("%s/%s", host, path);
    cleanup(strv_freep) char **rules =
        settings->mirrors ? strv_split(settings->mirrors, ", ") : NULL;
    char **sources = NULL;

    strv_foreach (rule, rules) {
        const char *equals = strchr(*rule, '=');

        if (equals && covers(*rule, (size_t)(equals - *rule), full))
            strv_take(&sources, xasprintf("%s%s", equals + 1, full + (equals - *rule)));
    }
    strv_take(&sources, take(full));
    return sources;
}

int settings_search(const struct registry_settings *settings, const char *name,
                    char ***ret, struct err *err)
{
    char **hosts = settings->search ? strv_split(settings->search, ", ") : NULL;

    if (!hosts)
        return err_set(
            err, EINVAL,
            "'%.80s' names no registry, and image.registries of the "
            "configuration is empty: write HOST/%.80s, or take the image in: "
            "'berth image import'",
            name, name);
    *ret = hosts;
    return 0;
}
