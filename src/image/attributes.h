/* SPDX-License-Identifier: Apache-2.0
 *
 * attributes.h - the extended attributes that images keep
 *
 * user.* is what an ordinary user may set and what means nothing to the kernel,
 * save for user.overlay.*, by which an archive could hide or redirect names.
 * All others (security.capability, trusted.*, ACLs) would be rights, or need
 * some, and are left behind.
 */
#ifndef BERTH_IMAGE_ATTRIBUTES_H
#define BERTH_IMAGE_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>

struct archive_entry;

struct attribute {
    char *name;
    void *value;
    size_t len;
};

/* Those of 'fd' that are kept, sorted by name; freed with attributes_free. A
 * file system that knows none has none. */
int attributes_read(int fd, struct attribute **ret, size_t *ret_n);
void attributes_free(struct attribute *list, size_t n);

/* Set those of an archive's entry on 'fd'. Returns how many were left behind: not
 * of the kind that is kept, or refused by the file system. */
size_t attributes_set(int fd, struct archive_entry *entry);

#endif
