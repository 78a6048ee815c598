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

int image_importer_load(image_import_fn **ret, struct err *err)
{
    const char *dir = secure_getenv("BERTH_PLUGIN_DIR");
    cleanup(freep) char *path =
        xasprintf("%s/image_import.so", dir && *dir ? dir : BERTH_PLUGINDIR);
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = lib ? dlsym(lib, "image_import") : NULL;

    if (!symbol)
        return err_set(err, ELIBBAD, "cannot import images: %s", dlerror());
    memcpy(ret, &symbol, sizeof(*ret));
    return 0;
}
