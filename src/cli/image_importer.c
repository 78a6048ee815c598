/* SPDX-License-Identifier: Apache-2.0
 *
 * image_importer.c - load what takes images in
 *
 * It stands on libarchive, which brings twenty libraries that take longer to
 * load than all the rest of a command; only 'berth image import' needs them.
 */
#include "cli/image_importer.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int load(const char *name, void **ret, struct err *err)
{
    const char *dir = secure_getenv("BERTH_PLUGIN_DIR");
    cleanup(freep) char *path =
        xasprintf("%s/image_import.so", dir && *dir ? dir : BERTH_PLUGINDIR);
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    *ret = lib ? dlsym(lib, name) : NULL;
    return *ret ? 0 : err_set(err, ELIBBAD, "cannot import images: %s", dlerror());
}

int image_importer_load(image_import_fn **ret, struct err *err)
{
    void *symbol;
    int rc = load("image_import", &symbol, err);

    if (rc == 0)
        memcpy(ret, &symbol, sizeof(*ret));
    return rc;
}

int image_fetcher_load(image_fetch_fn **ret, struct err *err)
{
    void *symbol;
    int rc = load("image_fetch", &symbol, err);

    if (rc == 0)
        memcpy(ret, &symbol, sizeof(*ret));
    return rc;
}
