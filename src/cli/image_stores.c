/* SPDX-License-Identifier: Apache-2.0
 *
 * image_stores.c - the site's store and the user's own, from the configuration
 */
#include "cli/image_stores.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"
#include "image/where.h"

/* Images need no cluster: without a configuration the defaults hold. */
static int load(const char *given, struct config **ret, struct err *err)
{
    cleanup(freep) char *path = NULL;
    int r = config_find(given, &path, err);

    if (r == -ENOENT) {
        *ret = config_defaults();
        return 0;
    }
    return r < 0 ? r : config_load(path, ret, err);
}

int image_stores_find(const char *config_path, const char *store,
                      struct image_stores *ret, struct err *err)
{
    const struct image_where here = {0};
    struct config *config;
    char *own, *site;
    int r = load(config_path, &config, err);

    /* Who names the store may do without the file that would name it. */
    if (r == -ENOENT && store) {
        config = config_defaults();
        r = 0;
    }
    if (r < 0)
        return r;
    if (store) {
        *ret =
            (struct image_stores){.paths = {xstrdup(store)}, .n = 1, .config = config};
        return 0;
    }
    own = image_where(config->image.user_store, &here);
    site = image_where(config->image.store, &here);
    *ret = (struct image_stores){.n = 2, .config = config};
    ret->paths[0] = geteuid() == 0 ? site : own;
    ret->paths[1] = geteuid() == 0 ? own : site;
    return 0;
}

void image_stores_fini(struct image_stores *stores)
{
    for (size_t i = 0; i < stores->n; i++)
        free(stores->paths[i]);
    config_free(stores->config);
}
