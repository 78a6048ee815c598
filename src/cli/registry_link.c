/* SPDX-License-Identifier: Apache-2.0
 *
 * registry_link.c - load registry.so, and tell it what the configuration says
 */
#include "cli/registry_link.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

bool registry_may_have(const struct config *config, const char *ref)
{
    size_t host = strcspn(ref, "/");

    if (ref[host] && (memchr(ref, '.', host) || memchr(ref, ':', host) ||
                      (host == 9 && strncmp(ref, "localhost", host) == 0)))
        return true;
    return config->image.registries != NULL;
}

struct registry_settings registry_settings_of(const struct config *config)
{
    return (struct registry_settings){
        .search = config->image.registries,
        .mirrors = config->image.mirrors,
        .insecure = config->image.insecure,
        .ca_file = config->image.ca_file,
    };
}

struct registry_settings registry_settings(const struct image_args *image,
                                           const struct registry_args *registry)
{
    struct registry_settings settings = registry_settings_of(image->stores.config);

    settings.all_insecure = registry->insecure;
    return settings;
}
