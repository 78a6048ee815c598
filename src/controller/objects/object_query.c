/* SPDX-License-Identifier: Apache-2.0
 *
 * object_query.c - lists of objects and of what has happened to them, in pages
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "controller/handlers.h"
#include "controller/objects/object_events.h"
#include "controller/objects/object_fields.h"
#include "controller/objects/object_spaces.h"
#include "controller/users.h"
#include "objects/kinds.h"
#include "spec/label_spec.h"

#define PAGE 1000
#define PAGE_BYTES (8u << 20)
#define NAMES_MAX 10000

struct object_query {
    struct controller *ctl;
    const Berth__ObjectQuery *asked;
    uid_t uid;
    const char *user, *kind; /* kind NULL: any */
    char *space;             /* NULL: any that is seen */
    const char **names;      /* that are asked for, sorted */
    struct label_spec labels;
    struct field_spec fields;
    /* Of the space that was looked at last. */
    const char *last_space;
    bool is_seen;
};

static void query_fini(struct object_query *q)
{
    label_spec_fini(&q->labels);
    field_spec_fini(&q->fields);
    free(q->names);
    free(q->space);
}

static int by_name(const void *pa, const void *pb)
{
    const char *const *a = pa, *const *b = pb;

    return strcmp(*a, *b);
}

static void sort_names(struct object_query *q)
{
    size_t n = q->asked->n_names;

    q->names = xcalloc(n + 1, sizeof(*q->names));
    for (size_t i = 0; i < n; i++)
        q->names[i] = q->asked->names[i];
    qsort(q->names, n, sizeof(*q->names), by_name);
}

static int query_init(struct object_query *q, struct conn *conn,
                      const Berth__ObjectQuery *asked, struct err *err)
{
    const struct mf_kind *kind;
    int rc = 0;

    *q = (struct object_query){.ctl = conn->ctl, .asked = asked, .uid = conn_uid(conn)};
    q->user = users_name(conn->ctl, q->uid);
    if (!q->user)
        return err_set(err, EPERM, "uid %u has no account on the controller's machine",
                       q->uid);
    kind = *asked->kind ? kind_by_name(NULL, asked->kind) : NULL;
    if (*asked->kind && !kind)
        return err_set(err, ENOENT, "there is no kind '%.64s'", asked->kind);
    q->kind = kind ? kind->name : NULL;
    if (asked->n_names > NAMES_MAX)
        return err_set(err, E2BIG, "more than %d names", NAMES_MAX);
    sort_names(q);
    if (*asked->name_space && !(asked->everybody && controller_is_admin(q->uid)))
        rc = object_space_for(conn->ctl, q->uid, q->user, asked->name_space, &q->space,
                              err);
    if (rc == 0 && *asked->selector)
        rc = label_spec_parse(asked->selector, &q->labels, err);
    if (rc == 0)
        rc = object_fields_parse(q->kind, asked->fields, &q->fields, err);
    return rc;
}

static bool is_named(const struct object_query *q, const char *name)
{
    size_t n = q->asked->n_names;

    return n == 0 || bsearch(&name, q->names, n, sizeof(*q->names), by_name) != NULL;
}

/* Administrators see their own unless they ask for everybody's. */
static bool is_visible(struct object_query *q, const struct ctl_object *object)
{
    uid_t uid = q->uid;

    if (q->last_space && strcmp(q->last_space, object->space) == 0)
        return q->is_seen;
    q->last_space = object->space;
    if (q->space && strcmp(object->space, OBJECT_SPACE_NONE) != 0)
        q->is_seen = strcmp(q->space, object->space) == 0;
    else if (controller_is_admin(uid) && !q->asked->everybody &&
             strncmp(object->space, "default:", 8) == 0)
        q->is_seen = strtoul(object->space + 8, NULL, 10) == uid;
    else
        q->is_seen = object_space_is_seen(q->ctl, uid, q->user, object->space);
    return q->is_seen;
}

static bool is_wanted(struct object_query *q, struct ctl_object *object)
{
    const Berth__ObjectQuery *asked = q->asked;
    const Berth__ObjectRecord *record = object->record;

    return (!q->kind || strcmp(q->kind, record->kind) == 0) && is_visible(q, object) &&
           is_named(q, record->name) &&
           (!*asked->name_space || !*record->name_space || q->space ||
            strcmp(asked->name_space, record->name_space) == 0) &&
           (!*asked->node ||
            (record->pod && strcmp(record->pod->node, asked->node) == 0)) &&
           (!*asked->made_by || strcmp(asked->made_by, record->made_by_uid) == 0) &&
           object_fields_hold(&q->fields, record) &&
           label_spec_holds(&q->labels, objects_label, &object);
}

/* As the one who asks may see it: a Secret's data is its owner's alone. */
static void show(const struct object_query *q, const struct ctl_object *object,
                 Berth__ObjectRecord *ret)
{
    *ret = *object->record;
    ret->key = (char *)(uintptr_t)protobuf_c_empty_string;
    if (strcmp(ret->kind, "Secret") == 0 && ret->owner_uid != q->uid)
        ret->manifest = (ProtobufCBinaryData){0};
}

static void fill_page(struct object_query *q, Berth__ObjectRecord *rows, size_t most,
                      Berth__ObjectList *list)
{
    struct controller *ctl = q->ctl;
    size_t bytes = 0;

    for (size_t i = objects_after(ctl, q->asked->after); i < ctl->n_objects; i++) {
        struct ctl_object *object = ctl->objects[i];

        if (!is_wanted(q, object))
            continue;
        if (list->n_objects == most || bytes > PAGE_BYTES) {
            list->more = true;
            return;
        }
        show(q, object, &rows[list->n_objects]);
        bytes += berth__object_record__get_packed_size(&rows[list->n_objects]);
        list->objects[list->n_objects] = &rows[list->n_objects];
        list->n_objects++;
        list->after = object->path;
    }
}

void handle_object_query(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__ObjectQuery *asked = env->object_query;
    cleanup(query_fini) struct object_query q;
    size_t most = asked->limit && asked->limit < PAGE ? asked->limit : PAGE;
    cleanup(freep) Berth__ObjectRecord *rows = xcalloc(most, sizeof(*rows));
    cleanup(freep) Berth__ObjectRecord **list =
        xcalloc(most, sizeof(Berth__ObjectRecord *));
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__ObjectList answer = BERTH__OBJECT_LIST__INIT;
    struct err err;

    if (query_init(&q, conn, asked, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    answer.objects = list;
    answer.revision = store_revision(conn->ctl->store);
    answer.now = controller_now();
    fill_page(&q, rows, most, &answer);
    reply.body_case = BERTH__ENVELOPE__BODY_OBJECT_LIST;
    reply.object_list = &answer;
    conn_reply(conn, env->id, &reply);
}

/* ------------------------------------------------------------------ events */

struct event_query {
    const Berth__ObjectEventQuery *asked;
    uid_t uid;
    const char *user, *kind; /* kind NULL: any */
    char *space;             /* NULL: any that is seen */
    struct field_spec fields;
};

static void event_query_fini(struct event_query *q)
{
    free(q->space);
    field_spec_fini(&q->fields);
}

static int event_query_init(struct event_query *q, struct conn *conn,
                            const Berth__ObjectEventQuery *asked, struct err *err)
{
    const struct mf_kind *kind = *asked->kind ? kind_by_name(NULL, asked->kind) : NULL;
    int rc = 0;

    *q = (struct event_query){.asked = asked, .uid = conn_uid(conn)};
    q->kind = kind ? kind->name : NULL;
    q->user = users_name(conn->ctl, q->uid);
    if (!q->user)
        return err_set(err, EPERM, "uid %u has no account on the controller's machine",
                       q->uid);
    if (*asked->name_space)
        rc = object_space_for(conn->ctl, q->uid, q->user, asked->name_space, &q->space,
                              err);
    return rc ? rc : event_fields_parse(asked->fields, &q->fields, err);
}

static bool is_event_wanted(const struct controller *ctl, const struct event_query *q,
                            const struct ctl_object_event *one)
{
    const Berth__ObjectEventQuery *asked = q->asked;
    const Berth__ObjectEvent *event = one->event;

    return (!q->kind || strcmp(q->kind, event->kind) == 0) &&
           (!*asked->name || strcmp(asked->name, event->name) == 0) &&
           event->id > asked->after &&
           event->last_usec >= asked->since * INT64_C(1000000) &&
           (!asked->warnings_only || event->is_warning) &&
           event_fields_hold(&q->fields, event) &&
           (q->space ? strcmp(q->space, one->space) == 0
                     : object_space_is_seen(ctl, q->uid, q->user, one->space));
}

void handle_object_event_query(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__ObjectEventQuery *asked = env->object_event_query;
    size_t most = asked->limit && asked->limit < PAGE ? asked->limit : PAGE;
    cleanup(freep) Berth__ObjectEvent **rows =
        xcalloc(most, sizeof(Berth__ObjectEvent *));
    cleanup(event_query_fini) struct event_query q;
    const struct ctl_object_event *one;
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__ObjectEventList answer = BERTH__OBJECT_EVENT_LIST__INIT;
    struct err err;

    if (event_query_init(&q, conn, asked, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    answer.events = rows;
    answer.now = controller_now();
    DL_FOREACH(object_events_first(conn->ctl), one)
    {
        if (!is_event_wanted(conn->ctl, &q, one))
            continue;
        if (answer.n_events == most) {
            answer.more = true;
            break;
        }
        rows[answer.n_events++] = one->event;
    }
    reply.body_case = BERTH__ENVELOPE__BODY_OBJECT_EVENT_LIST;
    reply.object_event_list = &answer;
    conn_reply(conn, env->id, &reply);
}
