/* SPDX-License-Identifier: Apache-2.0
 *
 * dockercfg.h - docker's config.json and containers' auth.json
 *
 *     {"auths": {"HOST[/PATH]": {"auth": "base64 of user:password"}},
 *      "credHelpers": {"HOST": "helper"}, "credsStore": "helper"}
 *
 * Pure: bytes in, an answer out.
 */
#ifndef BERTH_REGISTRY_DOCKERCFG_H
#define BERTH_REGISTRY_DOCKERCFG_H

#include <stddef.h>

#include "base/err.h"

#define DOCKERCFG_MAX (1U << 20)

struct credentials {
    char *user, *password;
    char *token; /* an identity token to be exchanged; NULL: none */
};
void credentials_fini(struct credentials *credentials);

struct dockercfg_answer {
    char *helper; /* ask docker-credential-<helper>; NULL: no */
    struct credentials credentials;
};
void dockercfg_answer_fini(struct dockercfg_answer *answer);

/* What the document says on HOST/PATH: the longest key of "auths" that covers it
 * (older keys are URLs). 0 with an empty answer when it says nothing; -EINVAL when it
 * is no such document. */
int dockercfg_find(const char *bytes, size_t len, const char *host, const char *path,
                   struct dockercfg_answer *ret, struct err *err);

/* The document with 'host' logged in, or out when 'user' is NULL; all else stays. The
 * caller frees it. 'bytes' may be NULL: none yet. */
int dockercfg_change(const char *bytes, size_t len, const char *host, const char *user,
                     const char *password, char **ret, struct err *err);

/* What a helper printed: {"Username": "...", "Secret": "..."}. */
int dockercfg_parse_helper(const char *bytes, size_t len, struct credentials *ret,
                           struct err *err);

#endif
