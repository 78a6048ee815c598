/* SPDX-License-Identifier: Apache-2.0
 *
 * dir_guard.c - a directory of root's that some users may pass through, and no others
 */
#include "node/dir_guard.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/mem.h"

#define ACL_NAME "system.posix_acl_access"
#define ENTRIES_MORE 4 /* owner, group, mask, others */

struct acl {
    struct posix_acl_xattr_header header;
    struct posix_acl_xattr_entry entries[];
};

static int by_uid(const void *a, const void *b)
{
    const uid_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static struct posix_acl_xattr_entry entry_of(uint16_t tag, uint16_t rights, uint32_t id)
{
    return (struct posix_acl_xattr_entry){
        .e_tag = htole16(tag), .e_perm = htole16(rights), .e_id = htole32(id)};
}

/* In the kernel's order; users by number. */
static struct acl *acl_make(const uid_t *uids, size_t n, size_t *ret_bytes)
{
    cleanup(freep) uid_t *sorted = xmemdup(uids, n * sizeof(*uids));
    size_t bytes =
        sizeof(struct acl) + (n + ENTRIES_MORE) * sizeof(struct posix_acl_xattr_entry);
    struct acl *acl = xcalloc(1, bytes);
    struct posix_acl_xattr_entry *entry = acl->entries;

    acl->header.a_version = htole32(POSIX_ACL_XATTR_VERSION);
    qsort(sorted, n, sizeof(*sorted), by_uid);
    *entry++ = entry_of(ACL_USER_OBJ, ACL_READ | ACL_WRITE | ACL_EXECUTE,
                        (uint32_t)ACL_UNDEFINED_ID);
    for (size_t i = 0; i < n; i++)
        *entry++ = entry_of(ACL_USER, ACL_EXECUTE, sorted[i]);
    *entry++ = entry_of(ACL_GROUP_OBJ, 0, (uint32_t)ACL_UNDEFINED_ID);
    *entry++ = entry_of(ACL_MASK, ACL_EXECUTE, (uint32_t)ACL_UNDEFINED_ID);
    *entry++ = entry_of(ACL_OTHER, 0, (uint32_t)ACL_UNDEFINED_ID);
    *ret_bytes = bytes;
    return acl;
}

int dir_guard_set(const char *dir, const uid_t *uids, size_t n, struct err *err)
{
    size_t bytes;
    cleanup(freep) struct acl *acl = n ? acl_make(uids, n, &bytes) : NULL;
    int rc = 0;

    if (acl && setxattr(dir, ACL_NAME, acl, bytes, 0) == 0)
        return 0;
    if (acl)
        rc = err_sys(err, errno, "%s", dir);
    /* Where there is an ACL the mode's group is its mask: both go. */
    if (removexattr(dir, ACL_NAME) && errno != ENODATA && errno != ENOTSUP)
        return err_sys(err, errno, "%s", dir);
    if (chmod(dir, 0700))
        return err_sys(err, errno, "%s", dir);
    return rc;
}
