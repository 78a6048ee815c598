/* SPDX-License-Identifier: Apache-2.0
 *
 * overlaid.h - files of an image before it is mounted, by their paths inside
 *
 * Layers are looked through as overlayfs would show them: topmost first, with
 * whiteouts and opaque directories. Links are followed as inside; no path leaves.
 */
#ifndef BERTH_IMAGE_OVERLAID_H
#define BERTH_IMAGE_OVERLAID_H

#include <stddef.h>
#include <sys/types.h>

/* Directories, topmost first; borrowed. */
struct overlaid {
    const char *const *layers;
    size_t n_layers;
};

/* The absolute path inside, free of links, of what 'path' leads to; '*ret_mode' is its
 * type. NULL: there is no such file. The caller frees it. */
char *overlaid_resolve(const struct overlaid *overlaid, const char *path,
                       mode_t *ret_mode);

/* Open the regular file at 'path', which overlaid_resolve has given, to read: a
 * descriptor or -Exxx. */
int overlaid_open(const struct overlaid *overlaid, const char *path);

/* Names in the directory 'path' (resolved) that begin with 'prefix', of all layers:
 * some may be covered. An strv that the caller frees. */
char **overlaid_names(const struct overlaid *overlaid, const char *path,
                      const char *prefix);

#endif
