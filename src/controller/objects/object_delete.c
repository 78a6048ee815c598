/* SPDX-License-Identifier: Apache-2.0
 *
 * object_delete.c - objects that clients want gone
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "controller/handlers.h"
#include "controller/objects/object_spaces.h"
#include "controller/objects/objects.h"
#include "controller/query.h"
#include "controller/users.h"
#include "objects/kinds.h"
#include "spec/label_spec.h"
#include "wire/pack.h"

#define NAMES_MAX 10000

struct deletion {
    struct conn *conn;
    const Berth__ObjectDelete *asked;
    uid_t uid;
    const char *user, *kind;
    char *space;
    struct label_spec labels;
};

static void deletion_fini(struct deletion *d)
{
    label_spec_fini(&d->labels);
    free(d->space);
}

static int deletion_init(struct deletion *d, struct conn *conn,
                         const Berth__ObjectDelete *asked, struct err *err)
{
    const struct mf_kind *kind = kind_by_name(NULL, asked->kind);
    int rc = 0;

    *d = (struct deletion){.conn = conn, .asked = asked, .uid = conn_uid(conn)};
    d->user = users_name(conn->ctl, d->uid);
    if (!d->user)
        return err_set(err, EPERM, "uid %u has no account on the controller's machine",
                       d->uid);
    if (!kind)
        return err_set(err, ENOENT, "there is no kind '%.64s'", asked->kind);
    d->kind = kind->name;
    if (asked->n_names == 0 && !*asked->selector && !asked->all)
        return err_set(err, EINVAL, "no %s was named", kind->name);
    if (asked->n_names > NAMES_MAX)
        return err_set(err, E2BIG, "more than %d names", NAMES_MAX);
    if (kind->has_namespace)
        rc = object_space_for(conn->ctl, d->uid, d->user, asked->name_space, &d->space,
                              err);
    else
        d->space = xstrdup(OBJECT_SPACE_NONE);
    if (rc == 0 && *asked->selector)
        rc = label_spec_parse(asked->selector, &d->labels, err);
    return rc;
}

static int delete_one(struct deletion *d, const char *name, Berth__ObjectReply *reply,
                      struct err *err)
{
    struct controller *ctl = d->conn->ctl;
    struct ctl_object *object = objects_find(ctl, d->space, d->kind, name);
    const Berth__ObjectDelete *asked = d->asked;

    if (!object)
        return err_set(err, ENOENT, "%s %.253s is not there", d->kind, name);
    if (object->record->owner_uid != d->uid && !controller_is_admin(d->uid))
        return err_set(err, EACCES, "%s %.253s: Access/permission denied: it is %s's",
                       d->kind, name, object->record->owner_user);
    reply->done = xstrdup("deleted");
    reply->record = copy_message(&object->record->base);
    free(reply->record->manifest.data);
    reply->record->manifest = (ProtobufCBinaryData){0};
    if (!asked->dry_run)
        objects_delete(ctl, object, asked->grace ? (int64_t)asked->grace - 1 : -1,
                       asked->orphan);
    return 0;
}

/* Those of the selector, by name: one may take others along. */
static char **names_of(struct deletion *d)
{
    struct controller *ctl = d->conn->ctl;
    cleanup(freep) char *from = xasprintf("%s/%s/", d->space, d->kind);
    char **names = NULL;
    size_t n = 0, cap = 0;

    for (size_t i = objects_after(ctl, from);
         i < ctl->n_objects && strncmp(ctl->objects[i]->path, from, strlen(from)) == 0;
         i++) {
        struct ctl_object *object = ctl->objects[i];

        if ((object->record->owner_uid != d->uid && !controller_is_admin(d->uid)) ||
            !label_spec_holds(&d->labels, objects_label, &object))
            continue;
        if (n + 1 >= cap) {
            cap = cap ? 2 * cap : 64;
            names = xrealloc(names, cap, sizeof(*names));
        }
        names[n++] = xstrdup(object->record->name);
        names[n] = NULL;
    }
    return names;
}

static Berth__ObjectReply *reply_to(struct deletion *d, const char *name)
{
    Berth__ObjectReply *reply = xmalloc(sizeof(*reply));
    struct err err = {0};

    berth__object_reply__init(reply);
    if (delete_one(d, name, reply, &err))
        reply->status = query_status(&err);
    return reply;
}

static Berth__ObjectReplies *delete_all(struct deletion *d)
{
    Berth__ObjectReplies *replies = xmalloc(sizeof(*replies));
    bool is_listed = d->asked->n_names > 0;
    cleanup(strv_freep) char **names = is_listed ? NULL : names_of(d);
    size_t n = is_listed ? d->asked->n_names : strv_len(names);

    berth__object_replies__init(replies);
    replies->replies = xcalloc(n + 1, sizeof(*replies->replies));
    for (size_t i = 0; i < n; i++) {
        const char *name = is_listed ? d->asked->names[i] : names[i];

        /* It went with one before it. */
        if (!is_listed && !objects_find(d->conn->ctl, d->space, d->kind, name))
            continue;
        replies->replies[replies->n_replies++] = reply_to(d, name);
    }
    return replies;
}

void handle_object_delete(struct conn *conn, const Berth__Envelope *env)
{
    cleanup(deletion_fini) struct deletion d;
    Berth__Envelope *answer;
    struct err err;

    if (deletion_init(&d, conn, env->object_delete, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    answer = xmalloc(sizeof(*answer));
    berth__envelope__init(answer);
    answer->body_case = BERTH__ENVELOPE__BODY_OBJECT_REPLIES;
    answer->object_replies = delete_all(&d);
    conn_reply_committed(conn, env->id, answer);
}
