/* SPDX-License-Identifier: Apache-2.0
 *
 * explain_document.c - explanations as JSON, with the keys that berth-explain(1)
 * promises
 */
#include "cli/explain_show.h"

#include "cli/document.h"
#include "cli/job_document.h"

static json_t *known(int64_t value)
{
    return value ? json_integer(value) : json_null();
}

static json_t *placement_or_null(const Berth__Placement *placement)
{
    return placement ? document_of(&placement->base, false) : json_null();
}

static json_t *blockers_of(const Berth__Explanation *e)
{
    json_t *list = json_array();

    for (size_t i = 0; i < e->n_blockers; i++) {
        const Berth__Blocker *b = e->blockers[i];

        json_array_append_new(
            list,
            json_pack("{s:I, s:o, s:o, s:o, s:I, s:o}", "job", (json_int_t)b->job_id,
                      "user", document_text(b->user), "name", document_text(b->name),
                      "nodes", document_text(b->nodes), "cpus", (json_int_t)b->cpus,
                      "end", known(b->end)));
    }
    return list;
}

static json_t *remedies_of(const Berth__Explanation *e)
{
    json_t *list = json_array();

    for (size_t i = 0; i < e->n_remedies; i++)
        json_array_append_new(list,
                              json_pack("{s:o, s:I}", "change",
                                        document_text(e->remedies[i]->change), "start",
                                        (json_int_t)e->remedies[i]->start));
    return list;
}

json_t *explain_document(const Berth__Explanation *e)
{
    json_t *doc = json_object();
    const Berth__JobRecord *record = e->job ? e->job->record : NULL;

    if (e->job)
        json_object_set_new(doc, "job", job_document_short(e->job));
    json_object_set_new(doc, "now", json_integer(e->now));
    json_object_set_new(doc, "lacks", document_text(e->words));
    json_object_set_new(doc, "start", known(e->start));
    json_object_set_new(doc, "promised", json_boolean(e->is_promised));
    json_object_set_new(doc, "ahead", json_integer(e->ahead));
    json_object_set_new(doc, "waits_for", blockers_of(e));
    json_object_set_new(doc, "reservation",
                        e->reservation[0] ? document_text(e->reservation)
                                          : json_null());
    json_object_set_new(doc, "would_get", placement_or_null(e->where));
    json_object_set_new(doc, "sooner", remedies_of(e));
    json_object_set_new(doc, "placement",
                        placement_or_null(record ? record->placement : NULL));
    return doc;
}
