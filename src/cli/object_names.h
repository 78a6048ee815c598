/* SPDX-License-Identifier: Apache-2.0
 *
 * object_names.h - objects as people name them, and asking the cluster for them
 *
 *     pod/web job/sweep       KIND/NAME, each
 *     pods web db             KIND, then names
 *     po,cm                   kinds; all of them
 */
#ifndef BERTH_CLI_OBJECT_NAMES_H
#define BERTH_CLI_OBJECT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"
#include "client/berth.h"
#include "objects/kinds.h"

/* Objects of one kind. */
struct object_group {
    const struct mf_kind *kind;
    char **names; /* a strv; NULL: all */
};

struct object_names {
    struct object_group *groups;
    size_t n;
};

/* Read 'n' operands, which must not be none. -EINVAL when the mistake has been said.
 * The caller ends 'ret' with object_names_fini in any case. */
int object_names_parse(int n, char *const *words, struct object_names *ret);
void object_names_fini(struct object_names *names);
/* One more name of a kind. */
void object_names_add(struct object_names *names, const struct mf_kind *kind,
                      const char *name);

/* A kind that the cluster keeps, by any of its names ("po", "pods", "jobs.batch").
 * NULL when the mistake has been said. */
const struct mf_kind *object_kind(const char *word, size_t len);

/* Which of them, as options say. */
struct object_scope {
    const char *name_space; /* NULL: default */
    const char *selector;   /* NULL: all labels */
    const char *fields;     /* NULL: all fields */
    bool in_all_spaces, of_all_users;
};

#define OPTS_NAMESPACE(type, member)                                                  \
    {                                                                                 \
        .name = "namespace", .letter = 'n', .arg = OPT_NEEDED, .meta = "NAME",        \
        .set = opt_string,                                                            \
        .offset = offsetof(type, member) + offsetof(struct object_scope, name_space), \
        .help = "in this namespace (default)"                                         \
    }
#define OPTS_SELECTOR(type, member)                                                 \
    {                                                                               \
        .name = "selector", .letter = 'l', .arg = OPT_NEEDED, .meta = "LABELS",     \
        .set = opt_string,                                                          \
        .offset = offsetof(type, member) + offsetof(struct object_scope, selector), \
        .help = "those with these labels: 'app=web,tier in (a,b),!old'"             \
    }
#define OPTS_FIELDS(type, member)                                                 \
    {                                                                             \
        .name = "field-selector", .arg = OPT_NEEDED, .meta = "FIELDS",            \
        .set = opt_string,                                                        \
        .offset = offsetof(type, member) + offsetof(struct object_scope, fields), \
        .help = "those with these fields: 'status.phase!=Running'"                \
    }

/* Whether it is clear which objects are meant: some by name ('has_more': by names in
 * files, too), or those with some labels, or all. Says what is wrong. */
bool object_scope_is_clear(const struct object_names *names,
                           const struct object_scope *scope, bool all, bool has_more);

/* The namespace that a question about 'kind' is for: "" of all. */
const char *object_space(const struct object_scope *scope, const struct mf_kind *kind);

/* The objects of a group; freed with berth_free. -Exxx with words. */
int object_group_ask(struct berth *berth, const struct object_group *group,
                     const struct object_scope *scope, Berth__ObjectList **ret,
                     struct berth_err *err);
/* One object: -ENOENT when it is not there. All failures are said. */
int object_ask_one(struct berth *berth, const struct mf_kind *kind, const char *name,
                   const struct object_scope *scope, Berth__ObjectList **ret);

/* Say which names of the group are not in the list, with the nearest that is there; how
 * many. */
size_t object_group_say_missing(struct berth *berth, const struct object_group *group,
                                const struct object_scope *scope,
                                const Berth__ObjectList *list);

#endif
