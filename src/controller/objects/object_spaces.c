/* SPDX-License-Identifier: Apache-2.0
 *
 * object_spaces.c - who is in which namespace
 */
#include "controller/objects/object_spaces.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

#define OWN "default"

static bool is_member(const struct controller *ctl, const char *user,
                      const char *account)
{
    const struct assoc *assoc = ctl->assoc;

    if (assoc_find(assoc, account, user, NULL) != ASSOC_NONE)
        return true;
    for (size_t i = 0; i < ctl->config->n_partitions; i++)
        if (assoc_find(assoc, account, user, ctl->config->partitions[i].name) !=
            ASSOC_NONE)
            return true;
    return false;
}

static bool is_of_somebody(const char *name_space)
{
    const char *colon = strchr(name_space, ':');

    return colon && strncmp(name_space, OWN, strlen(OWN)) == 0 &&
           colon == name_space + strlen(OWN) && colon[1] &&
           !colon[1 + strspn(colon + 1, "0123456789")];
}

int object_space_for(const struct controller *ctl, uid_t uid, const char *user,
                     const char *name_space, char **ret, struct err *err)
{
    bool is_admin = controller_is_admin(uid);
    uint32_t index;
    int rc;

    if (!*name_space || strcmp(name_space, OWN) == 0) {
        *ret = xasprintf(OWN ":%u", uid);
        return 0;
    }
    if (is_admin && is_of_somebody(name_space)) {
        *ret = xstrdup(name_space);
        return 0;
    }
    rc = assoc_find_account(ctl->assoc, name_space, &index, err);
    if (rc)
        return err_set(err, -rc,
                       "namespace '%.64s': there is no account of that name: "
                       "administrators add one ('berth account add %.64s'); without a "
                       "namespace it is '" OWN "', one's own",
                       name_space, name_space);
    if (!is_admin && !is_member(ctl, user, name_space))
        return err_set(err, EACCES,
                       "namespace '%.64s': it is that of an account, and user %s is "
                       "not in it",
                       name_space, user);
    *ret = xstrdup(name_space);
    return 0;
}

char *object_space_named(const char *name_space, uint32_t owner)
{
    if (!*name_space)
        return xstrdup(OBJECT_SPACE_NONE);
    if (strcmp(name_space, OWN) == 0)
        return xasprintf(OWN ":%u", owner);
    return xstrdup(name_space);
}

char *object_space_of(const Berth__ObjectRecord *record)
{
    return object_space_named(record->name_space, record->owner_uid);
}

char **object_spaces_of(const struct controller *ctl, uid_t uid, const char *user)
{
    char **names = NULL;
    struct assoc_object one;

    strv_add(&names, OWN);
    for (uint32_t i = 0; i < assoc_count(ctl->assoc); i++)
        if (assoc_get(ctl->assoc, i, &one) && !one.user &&
            (controller_is_admin(uid) || is_member(ctl, user, one.account)))
            strv_add(&names, one.account);
    return names;
}

bool object_space_is_seen(const struct controller *ctl, uid_t uid, const char *user,
                          const char *space)
{
    cleanup(freep) char *own = NULL;

    if (controller_is_admin(uid) || strcmp(space, OBJECT_SPACE_NONE) == 0)
        return true;
    own = xasprintf(OWN ":%u", uid);
    if (strcmp(space, own) == 0)
        return true;
    return !strchr(space, ':') && is_member(ctl, user, space);
}
