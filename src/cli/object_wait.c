/* SPDX-License-Identifier: Apache-2.0
 *
 * object_wait.c - berth wait: until objects are as somebody wants them
 */
#include "cli/object_wait.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/object_columns.h"
#include "cli/object_document.h"
#include "cli/object_watch.h"

struct waiting {
    const struct object_wish *wish;
    char **left; /* names that are not so yet; a strv */
    int status;
};

static const Berth__ObjectRecord *record_of(const Berth__ObjectList *list,
                                            const char *name)
{
    for (size_t i = 0; i < list->n_objects; i++)
        if (strcmp(list->objects[i]->name, name) == 0)
            return list->objects[i];
    return NULL;
}

/* 1: it needs no more waiting; what came of it has been said. */
static int judge(struct waiting *w, const struct mf_kind *kind, const char *name,
                 const Berth__ObjectRecord *record)
{
    cleanup(freep) char *full = object_full_name(kind->name, name);
    json_t *document;
    struct err err;
    int rc;

    if (!record) {
        if (w->wish->kind == WAIT_CREATE)
            return 0;
        if (w->wish->kind == WAIT_DELETE) {
            printf("%s condition met\n", full);
            return 1;
        }
        say_error("there is no %s (any more)", full);
        w->status = STATUS_FAILED;
        return 1;
    }
    document = object_document(record);
    rc = object_wish_holds(w->wish, document, &err);
    json_decref(document);
    if (rc > 0)
        printf("%s condition met\n", full);
    if (rc < 0) {
        say_error("%s: %s", full, err.text);
        w->status = STATUS_FAILED;
    }
    (void)fflush(stdout);
    return rc != 0;
}

struct wait_group {
    struct waiting *waiting;
    const struct mf_kind *kind;
};

static int look(const Berth__ObjectList *list, void *ctx)
{
    const struct wait_group *group = ctx;
    char **still = NULL;
    bool is_over;

    strv_foreach (name, group->waiting->left)
        if (!judge(group->waiting, group->kind, *name, record_of(list, *name)))
            strv_add(&still, *name);
    strv_free(group->waiting->left);
    group->waiting->left = still;
    is_over = still == NULL;
    return is_over;
}

/* Names of all that are there now, for a group without. */
static int find_names(struct berth *berth, const struct object_group *group,
                      const struct object_scope *scope, char ***ret)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    struct berth_err err;

    if (object_group_ask(berth, group, scope, &list, &err) < 0) {
        say_error("%s", err.text);
        return -EIO;
    }
    for (size_t i = 0; i < list->n_objects; i++)
        strv_add(ret, list->objects[i]->name);
    if (!*ret)
        say_error("nothing found");
    return *ret ? 0 : -ENOENT;
}

static int wait_group(struct berth *berth, const struct object_group *group,
                      const struct object_scope *scope, const struct object_wish *wish,
                      int64_t seconds)
{
    cleanup(strv_freep) char **names = strv_dup(group->names);
    struct waiting waiting = {.wish = wish, .status = STATUS_OK};
    struct wait_group closure = {.waiting = &waiting, .kind = group->kind};
    struct object_group named = {.kind = group->kind};
    struct object_scope plain = *scope;
    struct berth_err err;
    int rc;

    if (!names && find_names(berth, group, scope, &names) < 0)
        return STATUS_FAILED;
    plain.selector = NULL;
    named.names = names;
    waiting.left = strv_dup(names);
    rc = object_watch_until(berth, &named, &plain, seconds, look, &closure, &err);
    if (rc < 0) {
        waiting.status = STATUS_FAILED;
        if (rc == -ETIMEDOUT)
            strv_foreach (name, waiting.left) {
                cleanup(freep) char *full = object_full_name(group->kind->name, *name);

                say_error("timed out waiting for the condition on %s", full);
            }
        else
            say_error("%s", err.text);
    }
    strv_free(waiting.left);
    return waiting.status;
}

int object_wait(struct berth *berth, const struct object_names *names,
                const struct object_scope *scope, const struct object_wish *wish,
                int64_t seconds)
{
    time_t until = time(NULL) + (time_t)seconds;
    int status = STATUS_OK;

    for (size_t i = 0; i < names->n; i++) {
        int64_t left = seconds < 0 ? -1 : (int64_t)until - time(NULL);

        if (wait_group(berth, &names->groups[i], scope, wish,
                       seconds >= 0 && left < 0 ? 0 : left) != STATUS_OK)
            status = STATUS_FAILED;
    }
    return status;
}
