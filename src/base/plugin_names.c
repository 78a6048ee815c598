/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin_names.c - which plugins there are
 *
 * Apart from plugin.c, as static programs have no use for a loader.
 */
#include "base/plugin.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

#define FILE_SUFFIX ".so"

const char *plugin_dir(const char *dir)
{
    if (dir)
        return dir;
    const char *env = secure_getenv("BERTH_PLUGIN_DIR");
    return env && *env ? env : BERTH_PLUGINDIR;
}

/* The plugin name in "mpi_NAME.so", or NULL. */
static char *name_of_file(const char *prefix, const char *file)
{
    size_t len = strlen(file), before = strlen(prefix);
    size_t extra = before + strlen(FILE_SUFFIX);
    if (len <= extra || strncmp(file, prefix, before) != 0 ||
        strcmp(file + len - strlen(FILE_SUFFIX), FILE_SUFFIX) != 0)
        return NULL;
    return xstrndup(file + before, len - extra);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **plugin_names(const char *prefix, const char *dir)
{
    char **names = NULL;
    DIR *d = opendir(plugin_dir(dir));
    if (!d)
        return NULL;
    for (struct dirent *e; (e = readdir(d));) {
        char *name = name_of_file(prefix, e->d_name);
        if (name)
            strv_take(&names, name);
    }
    closedir(d);
    if (names)
        qsort(names, strv_len(names), sizeof(*names), by_name);
    return names;
}
