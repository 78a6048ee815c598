/* SPDX-License-Identifier: Apache-2.0
 *
 * settings.h - what a site says about registries
 */
#ifndef BERTH_REGISTRY_SETTINGS_H
#define BERTH_REGISTRY_SETTINGS_H

#include <stdbool.h>

#include "base/err.h"

/* All borrowed. Lists are words and commas, NULL when empty. */
struct registry_settings {
    const char *search;   /* hosts that short names are looked for in, in order */
    const char *mirrors;  /* HOST[/PATH]=HOST[/PATH]: what to ask first */
    const char *insecure; /* hosts whose certificate is not checked, or plain HTTP */
    const char *ca_file;  /* certificates to trust besides; NULL: the system's */
    bool all_insecure;    /* of the command line */
};

/* Do the settings give 'host' (with its port, as in a name) up? An entry without a
 * port means all ports. */
bool settings_are_insecure(const struct registry_settings *settings, const char *host);

/* Where to look for HOST/PATH, in order: mirrors that a rule gives, then itself. A
 * vector of "HOST/PATH" that the caller frees. */
char **settings_sources(const struct registry_settings *settings, const char *host,
                        const char *path);

/* Hosts that a short name may be on. -EINVAL with words when there are none. */
int settings_search(const struct registry_settings *settings, const char *name,
                    char ***ret, struct err *err);

#endif
