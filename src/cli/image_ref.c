/* SPDX-License-Identifier: Apache-2.0
 *
 * image_ref.c - from the name of an image to its digest and store
 */
#include "cli/image_ref.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/registry_link.h"
#include "options/job_args.h"
#include "config/config.h"
#include "image/store.h"
#include "image/where.h"

/* *ret_image may be NULL: not wanted. */
/* It is in no store here. The nodes will pull what the registry has now, whatever it
 * has then. */
static int ask_registry(const struct config *config, Berth__ContainerSpec *container,
                        struct err *err)
{
    const struct registry_settings settings = registry_settings_of(config);
    const struct registry_module *module;
    char digest[IMAGE_DIGEST_MAX];
    int rc = registry_link(&module, err);

    if (rc == 0)
        rc = module->resolve(&settings, container->image, digest, err);
    if (rc < 0)
        return err_wrap(err, "image %s is in no store here", container->image);
    spec_take_string(&container->image_digest, xstrdup(digest));
    return 0;
}

static int look_up(const struct config *config, Berth__ContainerSpec *container,
                   struct image **ret_image, struct err *err)
{
    const struct image_where here = {0};
    cleanup(freep) char *own = image_where(config->image.user_store, &here);
    cleanup(freep) char *site = image_where(config->image.store, &here);
    const char *const stores[] = {own, site};
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *store = NULL;
    int rc =
        image_find(stores, ARRAY_SIZE(stores), container->image, &image, &store, err);

    if (rc == -ENOENT && registry_may_have(config, container->image))
        return ask_registry(config, container, err);
    if (rc < 0)
        return rc;
    spec_take_string(&container->image_digest, xstrdup(image->digest));
    container->image_site = strcmp(store, site) == 0;
    spec_take_string(&container->image_store, take(store));
    if (ret_image)
        *ret_image = take(image);
    return 0;
}

static int resolve(const char *config_path, Berth__ContainerSpec *container,
                   struct image **ret_image, struct err *err)
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
        rc = look_up(config, container, ret_image, &words);
    if (rc < 0 && err)
        *err = words;
    return rc;
}

int image_ref_resolve(const char *config_path, Berth__ContainerSpec *container,
                      struct err *err)
{
    return resolve(config_path, container, NULL, err);
}

static void add_all(char ***to, char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        strv_add(to, words[i]);
}

int image_ref_command(const struct job_args *args, char ***ret_argv, struct err *err)
{
    Berth__ContainerSpec *container = args->spec->container;
    cleanup(image_freep) struct image *image = NULL;
    char **argv = NULL;
    int rc = resolve(args->config, container, &image, err);

    if (rc < 0)
        return rc;
    if (container->n_entrypoint)
        add_all(&argv, container->entrypoint, container->n_entrypoint);
    else if (!args->no_entrypoint)
        add_all(&argv, image->entrypoint, strv_len(image->entrypoint));
    add_all(&argv, image->cmd, strv_len(image->cmd));
    if (!argv)
        return err_set(err, EINVAL,
                       "run what? Give a program: image %s has none of its own",
                       container->image);
    container->has_entrypoint = false; /* or it would be there twice */
    *ret_argv = argv;
    return 0;
}
