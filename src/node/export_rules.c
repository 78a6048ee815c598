/* SPDX-License-Identifier: Apache-2.0
 *
 * export_rules.c - which directories of NFS servers pods may have mounted
 */
#include "node/export_rules.h"

#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

static void trim_slashes(char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
}

/* Take ":rw" or ":ro" off the end. */
static bool take_mode(char *rule)
{
    size_t len = strlen(rule);
    bool is_writable = len > 3 && strcmp(rule + len - 3, ":rw") == 0;

    if (is_writable || (len > 3 && strcmp(rule + len - 3, ":ro") == 0))
        rule[len - 3] = '\0';
    return is_writable;
}

static bool is_at_or_below(const char *path, const char *dir)
{
    size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

    return strncmp(path, dir, len) == 0 && (!path[len] || path[len] == '/');
}

/* ".." would lead out of what is allowed, on the server. */
static bool has_dots(const char *path)
{
    for (; (path = strstr(path, "/..")); path += 3)
        if (!path[3] || path[3] == '/')
            return true;
    return false;
}

char *export_rule_find(const char *rules, const char *server, const char *path,
                       bool *ret_writable)
{
    cleanup(strv_freep) char **list = strv_split(rules ? rules : "", ",");
    size_t best = 0;
    char *found = NULL;

    if (path[0] != '/' || has_dots(path))
        return NULL;
    strv_foreach (rule, list) {
        bool is_writable = take_mode(*rule);
        char *dir = strstr(*rule, ":/");

        if (!dir)
            continue;
        trim_slashes(++dir);
        if (strncmp(*rule, server, strlen(server)) != 0 ||
            *rule + strlen(server) + 1 != dir || !is_at_or_below(path, dir) ||
            (found && strlen(dir) <= best))
            continue;
        best = strlen(dir);
        str_replace(&found, *rule);
        *ret_writable = is_writable;
    }
    return found;
}
