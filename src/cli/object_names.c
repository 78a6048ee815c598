/* SPDX-License-Identifier: Apache-2.0
 *
 * object_names.c - objects as people name them, and asking the cluster for them
 */
#include "cli/object_names.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "cli/cluster_link.h"

/* -------------------------------------------------------------------- kinds */

static const char *const kind_words[] = {"pods",
                                         "jobs",
                                         "cronjobs",
                                         "configmaps",
                                         "secrets",
                                         "persistentvolumes",
                                         "persistentvolumeclaims",
                                         "all"};

static void say_unknown(const char *word, const struct mf_kind *kind)
{
    const char *near = nearest_name(word, kind_words, ARRAY_SIZE(kind_words));

    if (kind)
        say_error("the cluster has no %s: %s", word, kind->refusal);
    else if (strcmp(word, "events") == 0 || strcmp(word, "ev") == 0)
        say_error("events are listed by 'berth events'");
    else if (strcmp(word, "batchjob") == 0 || strcmp(word, "batchjobs") == 0)
        say_error("a BatchJob is a job of the queue: 'berth jobs', 'berth show'");
    else
        say_error("there is no kind '%s'%s%s", word, near ? "; nearest: " : "",
                  near ? near : "");
}

/* Without the group: "jobs.batch", "jobs.v1.batch". */
const struct mf_kind *object_kind(const char *word, size_t len)
{
    cleanup(freep) char *name = xstrndup(word, len);
    const struct mf_kind *kind;

    name[strcspn(name, ".")] = '\0';
    for (char *at = name; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    kind = kind_by_name(NULL, name);
    if (kind && !kind->refusal && kind->id != MF_OTHER)
        return kind;
    say_unknown(name, kind);
    return NULL;
}

/* -------------------------------------------------------------------- names */

static struct object_group *group_of(struct object_names *names,
                                     const struct mf_kind *kind)
{
    for (size_t i = 0; i < names->n; i++)
        if (names->groups[i].kind == kind)
            return &names->groups[i];
    names->groups = xrealloc(names->groups, names->n + 1, sizeof(*names->groups));
    names->groups[names->n] = (struct object_group){.kind = kind};
    return &names->groups[names->n++];
}

void object_names_add(struct object_names *names, const struct mf_kind *kind,
                      const char *name)
{
    strv_add(&group_of(names, kind)->names, name);
}

void object_names_fini(struct object_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        strv_free(names->groups[i].names);
    free(names->groups);
    *names = (struct object_names){.n = 0};
}

static int add_pair(struct object_names *names, const char *word)
{
    const char *slash = strchr(word, '/');
    const struct mf_kind *kind;

    if (!slash || !slash[1] || strchr(slash + 1, '/')) {
        say_error("'%s': names are KIND/NAME each, or a kind comes first", word);
        return -EINVAL;
    }
    kind = object_kind(word, (size_t)(slash - word));
    if (!kind)
        return -EINVAL;
    object_names_add(names, kind, slash + 1);
    return 0;
}

static int add_kind(struct object_names *names, const char *word)
{
    static const enum mf_kind_id all[] = {MF_POD, MF_JOB, MF_CRON_JOB};
    const struct mf_kind *kind;

    if (strcmp(word, "all") != 0) {
        kind = object_kind(word, strlen(word));
        if (kind)
            (void)group_of(names, kind);
        return kind ? 0 : -EINVAL;
    }
    for (size_t a = 0; a < ARRAY_SIZE(all); a++)
        for (size_t i = 0; i < mf_n_kinds; i++)
            if (mf_kinds[i].id == all[a])
                (void)group_of(names, &mf_kinds[i]);
    return 0;
}

static int add_kinds(struct object_names *names, const char *words)
{
    cleanup(strv_freep) char **list = strv_split(words, ",");
    int rc = 0;

    strv_foreach (word, list)
        if (rc == 0)
            rc = add_kind(names, *word);
    return rc;
}

int object_names_parse(int n, char *const *words, struct object_names *ret)
{
    int rc = 0;

    *ret = (struct object_names){.n = 0};
    if (strchr(words[0], '/')) {
        for (int i = 0; rc == 0 && i < n; i++)
            rc = add_pair(ret, words[i]);
        return rc;
    }
    rc = add_kinds(ret, words[0]);
    for (int i = 1; rc == 0 && i < n; i++) {
        if (strchr(words[i], '/')) {
            say_error("'%s': a kind came first already: names only", words[i]);
            return -EINVAL;
        }
        for (size_t g = 0; g < ret->n; g++)
            strv_add(&ret->groups[g].names, words[i]);
    }
    return rc;
}

/* ------------------------------------------------------------------- asking */

bool object_scope_is_clear(const struct object_names *names,
                           const struct object_scope *scope, bool all, bool has_more)
{
    bool has_names = has_more;

    for (size_t i = 0; i < names->n; i++)
        has_names |= names->groups[i].names != NULL;
    if (has_names && (all || scope->selector))
        say_error("%s: not together with names", all ? "--all" : "--selector");
    else if (!has_names && !all && !scope->selector)
        say_error("which of them? Give names, -l LABELS or --all");
    else
        return true;
    return false;
}

const char *object_space(const struct object_scope *scope, const struct mf_kind *kind)
{
    if (scope->in_all_spaces || (kind && !kind->has_namespace))
        return "";
    return scope->name_space ? scope->name_space : "default";
}

int object_group_ask(struct berth *berth, const struct object_group *group,
                     const struct object_scope *scope, Berth__ObjectList **ret,
                     struct berth_err *err)
{
    Berth__ObjectQuery query = BERTH__OBJECT_QUERY__INIT;
    cleanup(freep) char *kind = xstrdup(group->kind->name);
    cleanup(freep) char *space = xstrdup(object_space(scope, group->kind));
    cleanup(freep) char *selector = xstrdup(scope->selector ? scope->selector : "");
    cleanup(freep) char *fields = xstrdup(scope->fields ? scope->fields : "");

    query.kind = kind;
    query.name_space = space;
    query.names = group->names;
    query.n_names = strv_len(group->names);
    query.selector = selector;
    query.fields = fields;
    query.everybody = scope->of_all_users;
    return berth_objects(berth, &query, ret, err);
}

static bool has_name(const Berth__ObjectList *list, const char *name)
{
    for (size_t i = 0; i < list->n_objects; i++)
        if (strcmp(list->objects[i]->name, name) == 0)
            return true;
    return false;
}

/* "pod", for sentences. */
static char *small(const char *kind)
{
    char *word = xstrdup(kind);

    for (char *at = word; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return word;
}

static char *nearest_object(struct berth *berth, const struct object_group *group,
                            const struct object_scope *scope, const char *name)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    struct object_group all = {.kind = group->kind};
    cleanup(freep) const char **names = NULL;
    struct berth_err err;
    const char *near;

    if (object_group_ask(berth, &all, scope, &list, &err) < 0)
        return NULL;
    names = xcalloc(list->n_objects + 1, sizeof(*names));
    for (size_t i = 0; i < list->n_objects; i++)
        names[i] = list->objects[i]->name;
    near = nearest_name(name, names, list->n_objects);
    return near ? xstrdup(near) : NULL;
}

static void say_not_there(struct berth *berth, const struct object_group *group,
                          const struct object_scope *scope, const char *name)
{
    cleanup(freep) char *kind = small(group->kind->name);
    cleanup(freep) char *near = nearest_object(berth, group, scope, name);
    const char *space = object_space(scope, group->kind);

    say_error("there is no %s '%s'%s%s%s%s", kind, name,
              space[0] ? " in namespace " : "", space, near ? "; nearest: " : "",
              near ? near : "");
}

size_t object_group_say_missing(struct berth *berth, const struct object_group *group,
                                const struct object_scope *scope,
                                const Berth__ObjectList *list)
{
    size_t n = 0;

    strv_foreach (name, group->names) {
        if (has_name(list, *name))
            continue;
        say_not_there(berth, group, scope, *name);
        n++;
    }
    return n;
}

int object_ask_one(struct berth *berth, const struct mf_kind *kind, const char *name,
                   const struct object_scope *scope, Berth__ObjectList **ret)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    cleanup(strv_freep) char **names = NULL;
    struct object_group group = {.kind = kind};
    struct berth_err err;
    int rc;

    strv_add(&names, name);
    group.names = names;
    rc = object_group_ask(berth, &group, scope, &list, &err);
    if (rc < 0) {
        say_error("%s", err.text);
        return rc;
    }
    if (list->n_objects == 0) {
        say_not_there(berth, &group, scope, name);
        return -ENOENT;
    }
    *ret = take(list);
    return 0;
}
