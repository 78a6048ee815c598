/* SPDX-License-Identifier: Apache-2.0
 *
 * where.h - from a pattern of the configuration to the path of a store
 */
#ifndef BERTH_IMAGE_WHERE_H
#define BERTH_IMAGE_WHERE_H

/* What the letters of a pattern stand for; NULL: this process's own, its home
 * ($HOME, else the account's), its account's name, its node ($BERTH_NODE, which
 * berthd sets for what it starts, else the host's name without the domain). */
struct image_where {
    const char *home; /* %h */
    const char *user; /* %u */
    const char *node; /* %n */
};

/* 'pattern' with its letters replaced ("%%" is a '%', another letter stays as it
 * is); the caller frees it. */
char *image_where(const char *pattern, const struct image_where *where);

#endif
