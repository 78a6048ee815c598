/* SPDX-License-Identifier: Apache-2.0
 *
 * find.c - which configuration a program means
 */
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

#define SITE_FILE BERTH_SYSCONFDIR "/berth/berth.yaml"
#define ROOT_POINTER "/run/berth/current.yaml"

/* 'berth cluster up' leaves a link to its file at a known place; a link whose
 * cluster is gone leads nowhere and does not count. */
static char *personal_file(void)
{
    const char *home = config_home();
    char *path;

    path = home ? xasprintf("%s/.local/state/berth/current.yaml", home) : NULL;
    if (path && access(path, R_OK) == 0)
        return path;
    free(path);
    return access(ROOT_POINTER, R_OK) == 0 ? xstrdup(ROOT_POINTER) : NULL;
}

int config_find(const char *given, char **ret_path, struct err *err)
{
    const char *env = getenv("BERTH_CONF");
    char *path;

    if (!given && env && *env)
        given = env;
    if (given) {
        *ret_path = xstrdup(given);
        return 0;
    }
    path = personal_file();
    if (!path && access(SITE_FILE, F_OK) == 0)
        path = xstrdup(SITE_FILE);
    if (!path)
        return err_set(
            err, ENOENT,
            "there is no %s: start a cluster of your own with 'berth cluster "
            "up', or name a file with --config or BERTH_CONF",
            SITE_FILE);
    *ret_path = path;
    return 0;
}
