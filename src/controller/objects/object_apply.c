/* SPDX-License-Identifier: Apache-2.0
 *
 * object_apply.c - objects that clients send: made, changed, or only judged
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "controller/handlers.h"
#include "controller/jobs.h"
#include "controller/objects/object_changes.h"
#include "controller/objects/object_make.h"
#include "controller/objects/object_tally.h"
#include "controller/query.h"
#include "controller/users.h"
#include "wire/pack.h"

#define MANIFESTS_MAX 1000 /* of one message */
#define KEY_MAX 128

struct applying {
    struct conn *conn;
    const Berth__ObjectApply *apply;
    struct object_wish wish;
    Berth__ObjectReply *reply;
    struct err *err;
};

static void answer(struct applying *a, const struct ctl_object *object,
                   const char *done)
{
    a->reply->done = xstrdup(done);
    a->reply->record = copy_message(&object->record->base);
}

/* Volumes are paths of nodes. */
static int may_make(const struct applying *a, const struct object_text *text)
{
    if (strcmp(text->kind->kind, "PersistentVolume") == 0 &&
        !controller_is_admin(a->wish.uid))
        return err_set(a->err, EPERM,
                       "PersistentVolume %s: only administrators make volumes",
                       text->name ? text->name : "");
    if (strchr(text->space, ':') && text->space[1] && a->apply->name_space &&
        strchr(a->apply->name_space, ':'))
        return err_set(a->err, EINVAL,
                       "namespace '%.64s': objects are made in one's own",
                       a->apply->name_space);
    return 0;
}

/* ------------------------------------------------------------------ making */

static int create(struct applying *a, struct object_text *text, char **warning)
{
    struct controller *ctl = a->conn->ctl;
    struct ctl_object *object = NULL;
    int rc = may_make(a, text);

    if (rc == 0)
        rc = object_draft(ctl, &a->wish, text, &object, a->err);
    if (rc == 0 && object->kind->admit)
        rc = object->kind->admit(ctl, object, NULL, warning, a->err);
    if (rc) {
        object_free(object);
        return rc;
    }
    if (a->apply->dry_run) {
        answer(a, object, "created");
        object_free(object);
        return 0;
    }
    objects_enter(ctl, object, text->manifest.objects->root);
    answer(a, object, "created");
    return 0;
}

/* ------------------------------------------------------------------ changing */

static int may_change(const struct applying *a, const struct object_text *text,
                      const struct ctl_object *object)
{
    const Berth__ObjectRecord *record = object->record;

    if (record->owner_uid != a->wish.uid && !controller_is_admin(a->wish.uid))
        return err_set(a->err, EACCES, "%s %s: Access/permission denied: it is %s's",
                       record->kind, record->name, record->owner_user);
    if (record->deleted_at)
        return err_set(a->err, EBUSY, "%s %s is being deleted: try again later",
                       record->kind, record->name);
    if (text->revision && text->revision != record->revision)
        return err_set(
            a->err, ESTALE,
            "%s %s has been changed since: metadata.resourceVersion is %" PRIu64
            ", not %" PRIu64,
            record->kind, record->name, record->revision, text->revision);
    return 0;
}

static bool has_begun(const struct ctl_object *object)
{
    if (object->job)
        return job_state_of(&object->job->job) != JOB_PENDING;
    return object->n_made > 0 || object->record->job_id;
}

/* With its new manifest, as it would be; in no table. */
static struct ctl_object *changed_draft(const struct ctl_object *object,
                                        const struct object_text *text)
{
    struct ctl_object *draft = xcalloc(1, sizeof(*draft));

    draft->record = copy_message(&object->record->base);
    draft->kind = object->kind;
    draft->space = xstrdup(object->space);
    draft->path = xstrdup(object->path);
    free(draft->record->manifest.data);
    draft->record->manifest.data = xmemdup(text->json, text->json_len);
    draft->record->manifest.len = text->json_len;
    draft->record->generation++;
    return draft;
}

static const char *outcome(const struct applying *a, bool differs)
{
    if (a->apply->verb == BERTH__OBJECT_APPLY__VERB__REPLACE)
        return "replaced";
    return differs ? "configured" : "unchanged";
}

static int change_it(struct applying *a, struct object_text *text,
                     struct ctl_object *object, char **warning)
{
    struct controller *ctl = a->conn->ctl;
    struct ctl_object *draft = changed_draft(object, text);
    uint64_t was = object->record->manifest.len;
    int rc = 0;

    if (text->json_len > was)
        rc = object_tally_check(ctl, object->record->owner_uid, 0, text->json_len - was,
                                a->err);
    if (rc == 0 && object->kind->admit)
        rc = object->kind->admit(ctl, draft, object, warning, a->err);
    if (rc == 0 && a->apply->dry_run)
        answer(a, draft, outcome(a, true));
    object_free(draft);
    if (rc || a->apply->dry_run)
        return rc;
    objects_set_manifest(ctl, object, take(text->json), text->json_len,
                         text->manifest.objects->root);
    answer(a, object, outcome(a, true));
    return 0;
}

static int change(struct applying *a, struct object_text *text,
                  struct ctl_object *object, char **warning)
{
    bool was_read = object->is_read, differs = false;
    const struct mf_object *read;
    int rc = may_change(a, text, object);

    if (rc)
        return rc;
    read = objects_read(object);
    if (!read)
        return err_set(a->err, EIO, "%s cannot be read", object->path);
    rc = object_change_check(object->record->kind, read->root,
                             text->manifest.objects->root, has_begun(object), &differs,
                             a->err);
    if (!was_read)
        objects_forget_read(object);
    if (rc)
        return err_wrap(a->err, "%s %s", object->record->kind, object->record->name);
    if (differs)
        rc = change_it(a, text, object, warning);
    if (rc == 0 && a->apply->verb == BERTH__OBJECT_APPLY__VERB__REPLACE &&
        !a->apply->dry_run && object->kind->on_replaced)
        object->kind->on_replaced(a->conn->ctl, object);
    if (!differs)
        answer(a, object, outcome(a, false));
    return rc;
}

/* ------------------------------------------------------------------ requests */

static int apply_text(struct applying *a, struct object_text *text, char **warning)
{
    struct controller *ctl = a->conn->ctl;
    Berth__ObjectApply__Verb verb = a->apply->verb;
    struct ctl_object *known =
        text->name ? objects_find(ctl, text->space, text->kind->kind, text->name)
                   : NULL;

    if (known && verb == BERTH__OBJECT_APPLY__VERB__CREATE)
        return err_set(a->err, EEXIST, "%s %s is there already", text->kind->kind,
                       text->name);
    if (!text->name && verb != BERTH__OBJECT_APPLY__VERB__CREATE)
        return err_set(a->err, EINVAL,
                       "%s: without a name it can only be created ('berth create')",
                       text->kind->kind);
    if (!known && (verb == BERTH__OBJECT_APPLY__VERB__REPLACE ||
                   verb == BERTH__OBJECT_APPLY__VERB__MARK))
        return err_set(a->err, ENOENT, "%s %s is not there", text->kind->kind,
                       text->name);
    return known ? change(a, text, known, warning) : create(a, text, warning);
}

static int apply_one(struct applying *a, size_t i)
{
    cleanup(object_text_fini) struct object_text text = {.name = NULL};
    cleanup(freep) char *key = NULL, *of_text = NULL, *warning = NULL;
    const struct ctl_object *made = NULL;
    int rc;

    if (*a->apply->key) {
        key = xasprintf("%u/%s/%zu", a->wish.uid, a->apply->key, i);
        made = objects_by_key(a->conn->ctl, key);
    }
    if (made) {
        answer(a, made, "created");
        return 0;
    }
    a->wish.key = key;
    a->wish.text = (const char *)a->apply->manifests[i].data;
    a->wish.len = a->apply->manifests[i].len;
    rc = object_text_read(a->conn->ctl, &a->wish, &text, &of_text, a->err);
    if (rc == 0)
        rc = apply_text(a, &text, &warning);
    if (rc == 0 && (of_text || warning)) {
        /* Apart: who has read the text as well knows the first. */
        a->reply->warnings = xcalloc(2, sizeof(char *));
        if (of_text)
            a->reply->warnings[a->reply->n_warnings++] = take(of_text);
        if (warning)
            a->reply->warnings[a->reply->n_warnings++] = take(warning);
    }
    return rc;
}

static Berth__ObjectReply *reply_to(struct applying *a, size_t i)
{
    struct err err = {0};
    Berth__ObjectReply *reply = xmalloc(sizeof(*reply));

    berth__object_reply__init(reply);
    a->reply = reply;
    a->err = &err;
    if (apply_one(a, i))
        reply->status = query_status(&err);
    return reply;
}

static int check(const struct conn *conn, const Berth__ObjectApply *apply,
                 const char *user, struct err *err)
{
    if (!user)
        return err_set(err, EPERM, "uid %u has no account on the controller's machine",
                       conn_uid(conn));
    if (apply->n_manifests == 0)
        return err_set(err, EINVAL, "there is no object to apply");
    if (apply->n_manifests > MANIFESTS_MAX)
        return err_set(err, E2BIG, "more than %d objects at once", MANIFESTS_MAX);
    if (strlen(apply->key) > KEY_MAX)
        return err_set(err, EINVAL, "the key is longer than %d characters", KEY_MAX);
    return 0;
}

void handle_object_apply(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__ObjectApply *apply = env->object_apply;
    const struct peer *peer = channel_peer(conn->ch);
    struct applying a = {
        .conn = conn,
        .apply = apply,
        .wish = {.uid = peer->uid,
                 .gid = peer->gid,
                 .user = users_name(conn->ctl, peer->uid),
                 .name_space = *apply->name_space ? apply->name_space : NULL}};
    Berth__Envelope *answer;
    Berth__ObjectReplies *replies;
    struct err err;

    if (check(conn, apply, a.wish.user, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    answer = xmalloc(sizeof(*answer));
    replies = xmalloc(sizeof(*replies));
    berth__envelope__init(answer);
    berth__object_replies__init(replies);
    replies->replies = xcalloc(apply->n_manifests, sizeof(*replies->replies));
    for (size_t i = 0; i < apply->n_manifests; i++)
        replies->replies[replies->n_replies++] = reply_to(&a, i);
    answer->body_case = BERTH__ENVELOPE__BODY_OBJECT_REPLIES;
    answer->object_replies = replies;
    conn_reply_committed(conn, env->id, answer);
}
