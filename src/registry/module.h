/* SPDX-License-Identifier: Apache-2.0
 *
 * module.h - what registry.so shows
 *
 * It stands on libcurl and libarchive, which take longer to load than all else that
 * a command does; only the commands that talk to registries open it.
 */
#ifndef BERTH_REGISTRY_MODULE_H
#define BERTH_REGISTRY_MODULE_H

#include "registry/pull.h"
#include "registry/push.h"
#include "registry/settings.h"

#define REGISTRY_MODULE "registry.so"
#define REGISTRY_SYMBOL "registry_module"

struct registry_module {
    int (*pull)(const struct registry_settings *settings, struct image_store *store,
                const struct registry_pull *pull, struct registry_pulled *ret,
                struct err *err);
    int (*resolve)(const struct registry_settings *settings, const char *ref,
                   char ret_digest[IMAGE_DIGEST_MAX], struct err *err);
    int (*push)(const struct registry_settings *settings, struct image_store *store,
                const struct registry_push *push, struct registry_pushed *ret,
                struct err *err);
    /* Tags of "[HOST/]PATH"; a vector the caller frees. */
    int (*tags)(const struct registry_settings *settings, const char *name, char ***ret,
                struct err *err);
    /* "HOST/PATH" of what has 'term' in its path, on 'host' or (NULL) on all of
     * settings->search. */
    int (*search)(const struct registry_settings *settings, const char *host,
                  const char *term, char ***ret, struct err *err);
    /* Ask the registry whether it takes these, then keep them where '*ret_where' says
     * (the caller frees it). */
    int (*login)(const struct registry_settings *settings, const char *host,
                 const char *user, const char *password, char **ret_where,
                 struct err *err);
    int (*logout)(const char *host, char **ret_where, struct err *err);
};

#endif
