/* SPDX-License-Identifier: Apache-2.0
 *
 * registry_link.c - load registry.so, and tell it what the configuration says
 */
#include "cli/registry_link.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"

int registry_link(const struct registry_module **ret, struct err *err)
{
    const char *dir = secure_getenv("BERTH_PLUGIN_DIR");
    cleanup(freep) char *path =
        xasprintf("%s/" REGISTRY_MODULE, dir && *dir ? dir : BERTH_PLUGINDIR);
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct registry_module *module = lib ? dlsym(lib, REGISTRY_SYMBOL) : NULL;

    if (!module)
        return err_set(err, ELIBBAD, "cannot talk to registries: %s", dlerror());
    *ret = module;
    return 0;
}

struct registry_settings registry_settings(const struct image_args *image,
                                           const struct registry_args *registry)
{
    const struct config *config = image->stores.config;

    return (struct registry_settings){
        .search = config->image.registries,
        .mirrors = config->image.mirrors,
        .insecure = config->image.insecure,
        .ca_file = config->image.ca_file,
        .all_insecure = registry->insecure,
    };
}
