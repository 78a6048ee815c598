/* SPDX-License-Identifier: Apache-2.0
 *
 * objects.c - requests about objects of manifests: given, listed, taken away, and what
 * happened to them
 */
#include "client/handle.h"

#include <stdlib.h>

#include "base/mem.h"
#include "wire/pack.h"

int berth_object_apply(struct berth *berth, const Berth__ObjectApply *apply,
                       Berth__ObjectReplies **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ObjectApply shallow = *apply;
    char own_key[KEY_TEXT];

    random_key(own_key);
    if (!shallow.key[0])
        shallow.key = own_key;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_APPLY;
    env.object_apply = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_OBJECT_REPLIES, (void **)ret,
                    err);
}

int berth_object_delete(struct berth *berth, const Berth__ObjectDelete *order,
                        Berth__ObjectReplies **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ObjectDelete shallow = *order;

    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_DELETE;
    env.object_delete = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_OBJECT_REPLIES, (void **)ret,
                    err);
}

static int objects_page(struct berth *berth, Berth__ObjectQuery *query,
                        Berth__ObjectList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_QUERY;
    env.object_query = query;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_OBJECT_LIST, (void **)ret, err);
}

/* Behind the objects of 'list', which takes them over. A watch goes on after the first
 * page: what changed meanwhile comes twice rather than never. */
static void add_page(Berth__ObjectList *list, Berth__ObjectList *page)
{
    char *after = list->after;

    list->objects = xrealloc(list->objects, list->n_objects + page->n_objects,
                             sizeof(*list->objects));
    for (size_t i = 0; i < page->n_objects; i++)
        list->objects[list->n_objects++] = page->objects[i];
    page->n_objects = 0;
    list->more = page->more;
    list->after = page->after;
    page->after = after;
    free_message(page);
}

static bool wants_more(const Berth__ObjectQuery *query, const Berth__ObjectList *list)
{
    return list->more && list->after[0] &&
           (query->limit == 0 || list->n_objects < query->limit);
}

int berth_objects(struct berth *berth, const Berth__ObjectQuery *query,
                  Berth__ObjectList **ret, struct berth_err *err)
{
    cleanup(free_messagep) Berth__ObjectList *list = NULL;
    Berth__ObjectQuery next = *query;
    int rc = objects_page(berth, &next, &list, err);

    while (rc == 0 && wants_more(query, list)) {
        Berth__ObjectList *page = NULL;

        next.after = list->after;
        if (query->limit)
            next.limit = query->limit - (uint32_t)list->n_objects;
        rc = objects_page(berth, &next, &page, err);
        if (rc == 0)
            add_page(list, page);
    }
    if (rc == 0)
        *ret = take(list);
    return rc;
}

int berth_object_events(struct berth *berth, const Berth__ObjectEventQuery *query,
                        Berth__ObjectEventList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ObjectEventQuery shallow = *query;

    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_EVENT_QUERY;
    env.object_event_query = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_OBJECT_EVENT_LIST, (void **)ret,
                    err);
}
