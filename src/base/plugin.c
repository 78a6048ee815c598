/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin.c - find, open and judge a plugin of any kind
 *
 * Answers for what a loaded plugin must be; knows nothing of what it does.
 */
#include "base/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"

/* A name becomes part of a path, so it is a plain word. */
static bool name_is_plain(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && len <= 32 && !name[len];
}

static int not_there(const struct plugin_kind *kind, const char *name, const char *dir,
                     struct err *err)
{
    cleanup(strv_freep) char **names = plugin_names(kind->prefix, dir);
    if (!names)
        return err_set(err, ENOENT, "no %s plugin '%s': %s holds no %s plugin",
                       kind->title, name, dir, kind->title);
    cleanup(freep) char *list = strv_join(names, ", ");
    return err_set(err, ENOENT, "no %s plugin '%s' in %s; there is: %s", kind->title,
                   name, dir, list);
}

static const char *missing_slot(const struct plugin_kind *kind, const void *ops)
{
    for (size_t i = 0; i < kind->n_mandatory; i++) {
        const char *slot = (const char *)ops + kind->mandatory[i].offset;
        void *fn;
        memcpy(&fn, slot, sizeof(fn));
        if (!fn)
            return kind->mandatory[i].name;
    }
    return NULL;
}

static int judge(const struct plugin_kind *kind, const struct berth_plugin *plugin,
                 const char *name, const char *path, struct err *err)
{
    if (plugin->abi != kind->abi)
        return err_set(err, ELIBBAD,
                       "%s is made for plugin ABI %u, this Berth has %u: rebuild it",
                       path, plugin->abi, kind->abi);
    if (plugin->ops_size != kind->ops_size)
        return err_set(err, ELIBBAD,
                       "%s has a table of %u bytes, this Berth wants %u: rebuild it",
                       path, plugin->ops_size, kind->ops_size);
    if (!plugin->name || strcmp(plugin->name, name) != 0)
        return err_set(err, ELIBBAD, "%s calls itself '%s', not '%s'", path,
                       plugin->name ? plugin->name : "", name);
    if (!plugin->ops)
        return err_set(err, ELIBBAD, "%s has no table of functions", path);
    const char *slot = missing_slot(kind, plugin->ops);
    if (slot)
        return err_set(err, ELIBBAD, "%s lacks the mandatory function '%s'", path,
                       slot);
    return 0;
}

int plugin_open(const struct plugin_kind *kind, const char *name, const char *dir,
                const struct berth_plugin **ret, struct err *err)
{
    dir = plugin_dir(dir);
    if (!name_is_plain(name))
        return err_set(err, EINVAL,
                       "'%s' cannot be the name of %s %s plugin: use small letters, "
                       "digits and '_'",
                       name, kind->article, kind->title);
    cleanup(freep) char *path = xasprintf("%s/%s%s.so", dir, kind->prefix, name);
    if (access(path, F_OK) != 0)
        return not_there(kind, name, dir, err);

    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_set(err, ELIBBAD, "%s plugin '%s' does not load: %s", kind->title,
                       name, dlerror());
    const struct berth_plugin *plugin = dlsym(lib, kind->symbol);
    int rc;
    if (!plugin)
        rc = err_set(err, ELIBBAD, "%s is not %s %s plugin: it has no symbol %s", path,
                     kind->article, kind->title, kind->symbol);
    else
        rc = judge(kind, plugin, name, path, err);
    if (rc < 0) {
        dlclose(lib);
        return rc;
    }
    *ret = plugin;
    return 0;
}

int plugin_load(const struct plugin_kind *kind, const char *name, const char *dir,
                const void **ret_ops, struct err *err)
{
    const struct berth_plugin *plugin;
    int rc = plugin_open(kind, name, dir, &plugin, err);

    if (!rc)
        *ret_ops = plugin->ops;
    return rc;
}
