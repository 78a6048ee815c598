/* SPDX-License-Identifier: Apache-2.0
 *
 * image_builder.c - load what builds images
 *
 * It brings libarchive, libseccomp and the container runtime, which no other command
 * needs.
 */
#include "cli/image_builder.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int image_builder_load(image_build_fn **ret, struct err *err)
{
    const char *dir = secure_getenv("BERTH_PLUGIN_DIR");
    cleanup(freep) char *path =
        xasprintf("%s/image_build.so", dir && *dir ? dir : BERTH_PLUGINDIR);
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = lib ? dlsym(lib, "image_build") : NULL;

    if (!symbol)
        return err_set(err, ELIBBAD, "cannot build images: %s", dlerror());
    memcpy(ret, &symbol, sizeof(*ret));
    return 0;
}
