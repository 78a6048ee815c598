/* SPDX-License-Identifier: Apache-2.0
 *
 * object_events.c - what happened to objects: asked for, as a table, as documents
 */
#include "cli/object_events.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "cli/age.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/table.h"

/* Behind the events of 'list', which takes them over. */
static void add_page(Berth__ObjectEventList *list, Berth__ObjectEventList *page)
{
    list->events = xrealloc(list->events, list->n_events + page->n_events + 1,
                            sizeof(*list->events));
    for (size_t i = 0; i < page->n_events; i++)
        list->events[list->n_events++] = page->events[i];
    page->n_events = 0;
    list->more = page->more;
    berth_free(page);
}

int object_events_ask(struct berth *berth, const Berth__ObjectEventQuery *query,
                      Berth__ObjectEventList **ret, struct berth_err *err)
{
    cleanup(reply_freep) Berth__ObjectEventList *list = NULL;
    Berth__ObjectEventQuery next = *query;
    int rc = berth_object_events(berth, &next, &list, err);

    while (rc == 0 && list->more && list->n_events) {
        Berth__ObjectEventList *page = NULL;

        next.after = list->events[list->n_events - 1]->id;
        rc = berth_object_events(berth, &next, &page, err);
        if (rc == 0)
            add_page(list, page);
    }
    if (rc == 0)
        *ret = take(list);
    return rc;
}

/* ---------------------------------------------------------------------- table */

/* "45s", "45s (x3 over 2m)". */
static char *seen(const Berth__ObjectEvent *event, int64_t now)
{
    cleanup(freep) char *last = age_format(now - event->last_usec / 1000000);
    cleanup(freep) char *first = age_format(now - event->first_usec / 1000000);

    return event->count > 1 ? xasprintf("%s (x%u over %s)", last, event->count, first)
                            : xstrdup(last);
}

static char *object_of(const Berth__ObjectEvent *event)
{
    char *name = xasprintf("%s/%s", event->kind, event->name);

    for (char *at = name; *at != '/'; at++)
        *at = (char)tolower((unsigned char)*at);
    return name;
}

static char *words_of(const Berth__ObjectEvent *event)
{
    return event->container[0]
               ? xasprintf("container %s: %s", event->container, event->words)
               : xstrdup(event->words);
}

static void add_row(struct table *table, const Berth__ObjectEvent *event,
                    const struct object_events_view *view, int64_t now)
{
    if (view->has_name_space)
        table_add(table, event->name_space[0] ? event->name_space : "<none>");
    table_take(table, seen(event, now));
    table_add(table, event->is_warning ? "Warning" : "Normal");
    table_add(table, event->reason);
    if (view->has_object)
        table_take(table, object_of(event));
    if (view->has_source)
        table_add(table, event->source[0] ? event->source : "<none>");
    table_take(table, words_of(event));
}

void object_events_print(const Berth__ObjectEventList *list,
                         const struct object_events_view *view, int64_t now, FILE *out)
{
    struct column columns[7];
    struct table *table;
    size_t n = 0;

    if (!list->n_events)
        return;
    if (view->has_name_space)
        columns[n++] = (struct column){.title = "NAMESPACE"};
    columns[n++] = (struct column){.title = "LAST SEEN"};
    columns[n++] = (struct column){.title = "TYPE"};
    columns[n++] = (struct column){.title = "REASON"};
    if (view->has_object)
        columns[n++] = (struct column){.title = "OBJECT"};
    if (view->has_source)
        columns[n++] = (struct column){.title = "FROM"};
    columns[n++] = (struct column){.title = "MESSAGE"};
    table = table_create(columns, n);
    for (size_t i = 0; i < list->n_events; i++)
        add_row(table, list->events[i], view, now);
    table_print(table, view->has_header, 0, out);
    table_destroy(table);
}

/* ------------------------------------------------------------------- documents */

static json_t *involved(const Berth__ObjectEvent *event)
{
    json_t *o = json_pack("{s:o, s:o, s:o, s:o}", "kind", document_text(event->kind),
                          "namespace", document_text(event->name_space), "name",
                          document_text(event->name), "uid", document_text(event->uid));

    if (event->container[0]) {
        cleanup(freep) char *path = xasprintf("spec.containers{%s}", event->container);

        (void)json_object_set_new(o, "fieldPath", document_text(path));
    }
    return o;
}

json_t *object_event_document(const Berth__ObjectEvent *event)
{
    cleanup(freep) char *name =
        xasprintf("%s.%llx", event->name, (unsigned long long)event->id);
    cleanup(freep) char *first = age_stamp_usec(event->first_usec);
    cleanup(freep) char *last = age_stamp_usec(event->last_usec);

    return json_pack(
        "{s:s, s:s, s:{s:o, s:o}, s:o, s:s, s:o, s:o, s:i, s:s, s:s, s:{s:o}}",
        "apiVersion", "v1", "kind", "Event", "metadata", "name", document_text(name),
        "namespace", document_text(event->name_space), "involvedObject",
        involved(event), "type", event->is_warning ? "Warning" : "Normal", "reason",
        document_text(event->reason), "message", document_text(event->words), "count",
        (int)event->count, "firstTimestamp", first, "lastTimestamp", last, "source",
        "component", document_text(event->source));
}
