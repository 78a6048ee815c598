/* SPDX-License-Identifier: Apache-2.0
 *
 * object_spaces.h - namespaces: "default" is one's own, another one is an account
 *
 * Within the table a namespace is its space: "default:1000" of user 1000, "physics" of
 * an account, ":" of kinds that are in none.
 */
#ifndef BERTH_CONTROLLER_OBJECT_SPACES_H
#define BERTH_CONTROLLER_OBJECT_SPACES_H

#include "controller/controller.h"

#define OBJECT_SPACE_NONE ":"

/* The space of 'name_space' for a user, heap. -EACCES with words when it is an account
 * that the user is not in; -ENOENT with the nearest when there is no such account. An
 * administrator is in all of them, and may say "default:UID". */
int object_space_for(const struct controller *ctl, uid_t uid, const char *user,
                     const char *name_space, char **ret, struct err *err);
/* The space of 'name_space' for whoever owns it, heap; "": of no namespace. */
char *object_space_named(const char *name_space, uint32_t owner);
/* That of an object, heap. */
char *object_space_of(const Berth__ObjectRecord *record);
/* All namespaces that the user is in, as strv of the caller's: "default", accounts. */
char **object_spaces_of(const struct controller *ctl, uid_t uid, const char *user);
/* May the user see what is in it? */
bool object_space_is_seen(const struct controller *ctl, uid_t uid, const char *user,
                          const char *space);

#endif
