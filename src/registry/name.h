/* SPDX-License-Identifier: Apache-2.0
 *
 * name.h - what images are called in registries
 *
 *     [HOST[:PORT]/]PATH[:TAG][@sha256:DIGEST]
 *
 * The first part is a host when a '/' follows it and it has a '.' or ':', or is
 * "localhost"; a name without one is short. PATH is lower-case words of letters and
 * digits, with single '.', '_', "__" or dashes between them, and '/' between words.
 * (OCI distribution-spec 1.1, and docker's reference grammar for hosts and tags.)
 */
#ifndef BERTH_REGISTRY_NAME_H
#define BERTH_REGISTRY_NAME_H

#include "base/err.h"
#include "image/store.h"

#define REGISTRY_NAME_MAX 255

struct registry_name {
    char *host; /* with its port; NULL: short */
    char *path;
    char *tag;                     /* NULL: none said */
    char digest[IMAGE_DIGEST_MAX]; /* "": none said */
};

/* '*ret' is written on success only and goes with registry_name_fini. "docker://" in
 * front, as other tools write it, is dropped. -EINVAL with words. */
int registry_name_parse(const char *text, struct registry_name *ret, struct err *err);
void registry_name_fini(struct registry_name *name);

/* What follows "manifests/" in a registry's URL: the digest, else the tag, else
 * "latest". */
const char *registry_name_reference(const struct registry_name *name);

/* The name in a store: as written, without the digest; one with a digest and no
 * tag gets "sha256-" and twelve of its digits as its tag. The caller frees it. */
char *registry_name_local(const struct registry_name *name);

/* Is 'text' a host, with or without a port? */
bool registry_host_is_valid(const char *text, size_t len);

#endif
