/* SPDX-License-Identifier: Apache-2.0
 *
 * attributes.c - choose and read extended attributes
 */
#include "image/attributes.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/mem.h"

#define KEPT "user."
#define OVERLAY "user.overlay."

static bool is_kept(const char *name)
{
    return strncmp(name, KEPT, strlen(KEPT)) == 0 && name[strlen(KEPT)] &&
           strncmp(name, OVERLAY, strlen(OVERLAY)) != 0;
}

static int by_name(const void *a, const void *b)
{
    const struct attribute *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static int read_one(int fd, const char *name, struct attribute *ret)
{
    cleanup(freep) char *value = xmalloc(XATTR_SIZE_MAX);
    ssize_t len = fgetxattr(fd, name, value, XATTR_SIZE_MAX);

    if (len < 0)
        return -errno;
    ret->name = xstrdup(name);
    ret->value = xmemdup(value, (size_t)len + !len);
    ret->len = (size_t)len;
    return 0;
}

int attributes_read(int fd, struct attribute **ret, size_t *ret_n)
{
    cleanup(freep) char *names = NULL;
    ssize_t len = flistxattr(fd, NULL, 0);
    struct attribute *list = NULL;
    size_t n = 0;
    int r = 0;

    *ret = NULL;
    *ret_n = 0;
    if (len > 0) {
        names = xcalloc(1, XATTR_LIST_MAX + 1);
        len = flistxattr(fd, names, XATTR_LIST_MAX);
    }
    if (len < 0)
        return errno == ENOTSUP ? 0 : -errno;
    for (const char *name = names; name && name < names + len && r == 0;
         name += strlen(name) + 1) {
        if (!is_kept(name))
            continue;
        list = xrealloc(list, n + 1, sizeof(*list));
        r = read_one(fd, name, &list[n]);
        n += r == 0;
    }
    if (r < 0) {
        attributes_free(list, n);
        return r;
    }
    if (n)
        qsort(list, n, sizeof(*list), by_name);
    *ret = list;
    *ret_n = n;
    return 0;
}

void attributes_free(struct attribute *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(list[i].name);
        free(list[i].value);
    }
    free(list);
}

size_t attributes_set(int fd, struct archive_entry *entry)
{
    size_t dropped = 0, len;
    const char *name;
    const void *value;

    (void)archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &len) == ARCHIVE_OK)
        dropped += !is_kept(name) || fsetxattr(fd, name, value, len, 0) < 0;
    return dropped;
}
