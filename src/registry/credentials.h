/* SPDX-License-Identifier: Apache-2.0
 *
 * credentials.h - who we are to a registry, from the files other tools keep
 *
 * Read, the first that knows the registry: $REGISTRY_AUTH_FILE, or else
 * $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json and
 * $DOCKER_CONFIG/config.json (~/.docker/config.json). Helpers named there
 * (credHelpers, credsStore) are asked as docker-credential-<name> of $PATH.
 */
#ifndef BERTH_REGISTRY_CREDENTIALS_H
#define BERTH_REGISTRY_CREDENTIALS_H

#include "base/err.h"
#include "registry/dockercfg.h"

/* '*ret' is empty when nothing is known. A file that is damaged, or a helper that
 * fails, is an error. */
int credentials_find(const char *host, const char *path, struct credentials *ret,
                     struct err *err);

/* Keep them where docker does: with the helper that its file names for the host, else
 * in the file ($REGISTRY_AUTH_FILE, else docker's), readable to its owner alone.
 * '*ret_where' says where; the caller frees it. */
int credentials_store(const char *host, const char *user, const char *password,
                      char **ret_where, struct err *err);
/* Forget them there; -ENOENT when they are not. */
int credentials_erase(const char *host, char **ret_where, struct err *err);

#endif
