/* SPDX-License-Identifier: Apache-2.0
 *
 * token.h - from a challenge and credentials to an Authorization header
 *
 * Docker's token protocol: GET realm?service=...&scope=... with basic
 * authentication, or POST with an identity token (OAuth 2.0's refresh token).
 */
#ifndef BERTH_REGISTRY_TOKEN_H
#define BERTH_REGISTRY_TOKEN_H

#include "registry/challenge.h"
#include "registry/dockercfg.h"
#include "registry/http.h"

/* "Basic ..."; the caller frees it. */
char *token_basic(const struct credentials *credentials);

/* "Bearer ..." from the service that the challenge names, for 'scope'. Credentials
 * go to plain HTTP only when 'is_insecure'. -EACCES when it refuses. */
int token_fetch(struct http *http, const struct challenge *challenge, const char *scope,
                const struct credentials *credentials, bool is_insecure, char **ret,
                struct err *err);

#endif
