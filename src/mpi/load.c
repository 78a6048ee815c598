/* SPDX-License-Identifier: Apache-2.0
 *
 * load.c - find, open and judge a plugin of kind "mpi"
 *
 * Answers for what a loaded plugin must be; knows nothing of what it does.
 */
#include "mpi/mpi.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"

#define FILE_PREFIX "mpi_"
#define FILE_SUFFIX ".so"

static const char *plugin_dir(const char *dir)
{
    if (dir)
        return dir;
    const char *env = secure_getenv("BERTH_PLUGIN_DIR");
    return env && *env ? env : BERTH_PLUGINDIR;
}

/* A name becomes part of a path, so it is a plain word. */
static bool name_is_plain(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && len <= 32 && !name[len];
}

/* The plugin name in "mpi_NAME.so", or NULL. */
static char *name_of_file(const char *file)
{
    size_t len = strlen(file);
    size_t extra = strlen(FILE_PREFIX) + strlen(FILE_SUFFIX);
    if (len <= extra || strncmp(file, FILE_PREFIX, strlen(FILE_PREFIX)) != 0 ||
        strcmp(file + len - strlen(FILE_SUFFIX), FILE_SUFFIX) != 0)
        return NULL;
    return xstrndup(file + strlen(FILE_PREFIX), len - extra);
}

static char **names_in(const char *dir)
{
    char **names = NULL;
    DIR *d = opendir(dir);
    if (!d)
        return NULL;
    for (struct dirent *e; (e = readdir(d));) {
        char *name = name_of_file(e->d_name);
        if (name)
            strv_take(&names, name);
    }
    closedir(d);
    return names;
}

static int not_there(const char *name, const char *dir, struct err *err)
{
    cleanup(strv_freep) char **names = names_in(dir);
    if (!names)
        return err_set(err, ENOENT, "no MPI plugin '%s': %s holds no MPI plugin", name,
                       dir);
    cleanup(freep) char *list = strv_join(names, ", ");
    return err_set(err, ENOENT, "no MPI plugin '%s' in %s; there is: %s", name, dir,
                   list);
}

static const char *missing_slot(const struct berth_mpi_ops *ops)
{
    if (!ops->start)
        return "start";
    if (!ops->task_env)
        return "task_env";
    if (!ops->fence_done)
        return "fence_done";
    if (!ops->stop)
        return "stop";
    return NULL;
}

static int judge(const struct berth_mpi_plugin *plugin, const char *name,
                 const char *path, struct err *err)
{
    if (plugin->abi != BERTH_MPI_ABI)
        return err_set(err, ELIBBAD,
                       "%s is made for plugin ABI %u, this Berth has %u: rebuild it",
                       path, plugin->abi, BERTH_MPI_ABI);
    if (plugin->ops_size != sizeof(struct berth_mpi_ops))
        return err_set(err, ELIBBAD,
                       "%s has a table of %u bytes, this Berth wants %zu: rebuild it",
                       path, plugin->ops_size, sizeof(struct berth_mpi_ops));
    if (!plugin->name || strcmp(plugin->name, name) != 0)
        return err_set(err, ELIBBAD, "%s calls itself '%s', not '%s'", path,
                       plugin->name ? plugin->name : "", name);
    if (!plugin->ops)
        return err_set(err, ELIBBAD, "%s has no table of functions", path);
    const char *slot = missing_slot(plugin->ops);
    if (slot)
        return err_set(err, ELIBBAD, "%s lacks the mandatory function '%s'", path,
                       slot);
    return 0;
}

int mpi_load(const char *name, const char *dir, const struct berth_mpi_ops **ret_ops,
             struct err *err)
{
    dir = plugin_dir(dir);
    if (!name_is_plain(name))
        return err_set(err, EINVAL,
                       "'%s' cannot be the name of an MPI plugin: use small letters, "
                       "digits and '_'",
                       name);
    cleanup(freep) char *path =
        xasprintf("%s/" FILE_PREFIX "%s" FILE_SUFFIX, dir, name);
    if (access(path, F_OK) != 0)
        return not_there(name, dir, err);

    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_set(err, ELIBBAD, "MPI plugin '%s' does not load: %s", name,
                       dlerror());
    const struct berth_mpi_plugin *plugin = dlsym(lib, BERTH_MPI_SYMBOL);
    int rc;
    if (!plugin)
        rc = err_set(err, ELIBBAD, "%s is not an MPI plugin: it has no symbol %s", path,
                     BERTH_MPI_SYMBOL);
    else
        rc = judge(plugin, name, path, err);
    if (rc < 0) {
        dlclose(lib);
        return rc;
    }
    *ret_ops = plugin->ops;
    return 0;
}
