/* SPDX-License-Identifier: Apache-2.0
 *
 * catalogue.h - what a registry has: repositories, and tags of one
 */
#ifndef BERTH_REGISTRY_CATALOGUE_H
#define BERTH_REGISTRY_CATALOGUE_H

#include "registry/session.h"

#define CATALOGUE_MAX 100000

/* All pages of it, sorted, a vector that the caller frees (NULL: empty). -ENOENT when
 * there is no such repository; -E2BIG past CATALOGUE_MAX names. */
int catalogue_tags(struct session *session, struct http *http, const char *path,
                   char ***ret, struct err *err);
/* Names with 'term' in them. -EOPNOTSUPP: the registry shows no catalogue. */
int catalogue_search(struct session *session, struct http *http, const char *term,
                     char ***ret, struct err *err);

/* The target of a Link header's rel="next"; NULL when there is none. Pure; the caller
 * frees it. */
char *catalogue_next(const char *link);

#endif
