/* SPDX-License-Identifier: Apache-2.0
 *
 * image_importer.c - load what reads and writes archives of images
 *
 * It stands on libarchive, which brings twenty libraries that take longer to
 * load than all the rest of a command; only import, export and verify need them.
 */
#include "cli/image_importer.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int find(const char *name, void *ret, struct err *err)
{
    const char *dir = secure_getenv("BERTH_PLUGIN_DIR");
    cleanup(freep) char *path =
        xasprintf("%s/image_import.so", dir && *dir ? dir : BERTH_PLUGINDIR);
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = lib ? dlsym(lib, name) : NULL;

    if (!symbol)
        return err_set(err, ELIBBAD, "cannot read and write images: %s", dlerror());
    memcpy(ret, &symbol, sizeof(symbol));
    return 0;
}

int image_importer_load(image_import_fn **ret, struct err *err)
{
    return find("image_import", ret, err);
}

int image_exporter_load(image_export_fn **ret, struct err *err)
{
    return find("image_export", ret, err);
}

int image_verifier_load(image_verify_fn **ret, struct err *err)
{
    return find("image_verify", ret, err);
}

int image_fetcher_load(image_fetch_fn **ret, struct err *err)
{
    return find("image_fetch", ret, err);
}
