/* SPDX-License-Identifier: Apache-2.0
 *
 * image_ref.c - from the name of an image to its digest and store
 */
#include "cli/image_ref.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "options/job_args.h"
#include "config/config.h"
#include "image/store.h"
#include "image/where.h"

static int look_up(const struct config *config, Berth__ContainerSpec *container,
                   struct err *err)
{
    const struct image_where here = {0};
    cleanup(freep) char *own = image_where(config->image.user_store, &here);
    cleanup(freep) char *site = image_where(config->image.store, &here);
    const char *const stores[] = {own, site};
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *store = NULL;
    int rc =
        image_find(stores, ARRAY_SIZE(stores), container->image, &image, &store, err);

    if (rc < 0)
        return rc;
    spec_take_string(&container->image_digest, xstrdup(image->digest));
    container->image_site = strcmp(store, site) == 0;
    spec_take_string(&container->image_store, take(store));
    return 0;
}

int image_ref_resolve(const char *config_path, Berth__ContainerSpec *container,
                      struct err *err)
{
    cleanup(config_freep) struct config *config = NULL;
    cleanup(freep) char *path = NULL;
    struct err words;
    int rc;

    rc = config_find(config_path, &path, &words);
    if (rc == -ENOENT && !config_path)
        return err_set(err, ENODATA, "%s", words.text);
    if (rc == 0)
        rc = config_load_settings(path, &config, &words);
    if (strcmp(container->image, "none") == 0)
        spec_take_string(&container->image, xstrdup(""));
    else if (rc == 0 && container->image[0] == '\0' && config->image.fallback)
        spec_take_string(&container->image, xstrdup(config->image.fallback));
    if (rc == 0 && container->image[0] != '\0')
        rc = look_up(config, container, &words);
    if (rc < 0 && err)
        *err = words;
    return rc;
}
