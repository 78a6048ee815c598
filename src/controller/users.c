/* SPDX-License-Identifier: Apache-2.0
 *
 * users.c - a table of account names, since asking LDAP for each submission
 * would stop the loop
 */
#include "controller/users.h"

#include "base/mem.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>

struct ctl_user {
    uid_t uid;
    char *name;
    UT_hash_handle hh;
};

const char *users_name(struct controller *ctl, uid_t uid)
{
    const struct passwd *pw;
    struct ctl_user *user;

    HASH_FIND(hh, ctl->users, &uid, sizeof(uid), user);
    if (user)
        return user->name;
    pw = getpwuid(uid);
    if (!pw)
        return NULL;
    user = xcalloc(1, sizeof(*user));
    user->uid = uid;
    user->name = xstrdup(pw->pw_name);
    HASH_ADD(hh, ctl->users, uid, sizeof(uid), user);
    return user->name;
}

int users_uid(const char *name, uint32_t *ret)
{
    const struct passwd *pw = getpwnam(name);

    if (!pw)
        return -ENOENT;
    *ret = pw->pw_uid;
    return 0;
}

void users_clear(struct controller *ctl)
{
    struct ctl_user *user, *next;

    HASH_ITER(hh, ctl->users, user, next)
    {
        HASH_DELETE(hh, ctl->users, user);
        free(user->name);
        free(user);
    }
}
