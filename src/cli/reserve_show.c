/* SPDX-License-Identifier: Apache-2.0
 *
 * reserve_show.c - what is set aside, where, when and for whom
 */
#include "cli/reserve_show.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "cli/document.h"
#include "cli/moment.h"
#include "cli/table.h"

#define DAY 86400

static char *join(char *const *names, size_t n)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < n; i++)
        strbuf_printf(&sb, "%s%s", i ? "," : "", names[i]);
    return strbuf_take(&sb);
}

/* "daily", "weekly", "every 12h 00m"; NULL: once. */
static char *recurrence(int64_t every)
{
    if (every == 0)
        return NULL;
    if (every == DAY)
        return xstrdup("daily");
    if (every == 7 * DAY)
        return xstrdup("weekly");
    cleanup(freep) char *span = span_words(every);
    return xasprintf("every %s", span);
}

/* Who may use it: "alice,bob; accounts physics". */
static char *people(const Berth__ReservationRecord *record)
{
    cleanup(freep) char *users = join(record->users, record->n_users);
    cleanup(freep) char *accounts = join(record->accounts, record->n_accounts);

    if (record->maintenance)
        return xstrdup("no jobs");
    if (record->n_accounts == 0)
        return xstrdup(users);
    return xasprintf("%s%saccount%s %s", users, record->n_users ? "; " : "",
                     record->n_accounts > 1 ? "s" : "", accounts);
}

static char *flags_of(const Berth__ReservationRecord *record)
{
    cleanup(freep) char *every = recurrence(record->every);
    struct strbuf sb = STRBUF_INIT;

    if (every)
        strbuf_puts(&sb, every);
    if (record->maintenance)
        strbuf_printf(&sb, "%smaintenance", sb.len ? "," : "");
    if (record->flexible)
        strbuf_printf(&sb, "%sflex", sb.len ? "," : "");
    if (record->floating)
        strbuf_printf(&sb, "%sfloating", sb.len ? "," : "");
    if (sb.len == 0)
        strbuf_puts(&sb, "-");
    return strbuf_take(&sb);
}

void reserve_list(const Berth__ReservationList *list, size_t width, FILE *out)
{
    static const struct column columns[] = {
        {"NAME", false, false},  {"STATE", false, false}, {"START", false, false},
        {"LASTS", false, false}, {"NODES", true, false},  {"NODELIST", false, true},
        {"FOR", false, true},    {"FLAGS", false, false},
    };
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));

    for (size_t i = 0; i < list->n_reservations; i++) {
        const Berth__ReservationInfo *info = list->reservations[i];

        table_add(table, info->record->name);
        table_add(table, info->state);
        table_take(table, clock_words(info->start, list->now));
        table_take(table, span_words(info->end - info->start));
        table_take(table, xasprintf("%u", info->n_nodes));
        table_add(table, info->record->nodes);
        table_take(table, people(info->record));
        table_take(table, flags_of(info->record));
    }
    table_print(table, true, width, out);
}

/* ------------------------------------------------------------------ in full */

static void show_times(const Berth__ReservationInfo *info, int64_t now, FILE *out)
{
    cleanup(freep) char *start = moment_words(info->start, now);
    cleanup(freep) char *end = moment_words(info->end, now);
    cleanup(freep) char *lasts = span_words(info->end - info->start);
    cleanup(freep) char *every = recurrence(info->record->every);

    if (info->record->floating) {
        cleanup(freep) char *ahead = span_words(info->record->floating);

        fprintf(out, "  starts       always %s ahead of now\n", ahead);
    } else {
        fprintf(out, "  starts       %s\n  ends         %s\n", start, end);
    }
    fprintf(out, "  lasts        %s\n", lasts);
    if (every)
        fprintf(out, "  recurs       %s\n", every);
}

static void show_one(const Berth__ReservationInfo *info, int64_t now, FILE *out)
{
    const Berth__ReservationRecord *record = info->record;
    cleanup(freep) char *who = people(record);
    cleanup(freep) char *flags = flags_of(record);
    cleanup(freep) char *made = moment_words(record->created_at, now);

    fprintf(out, "Reservation %s: %s\n", record->name, info->state);
    fprintf(out, "  nodes        %s (%u)\n", record->nodes, info->n_nodes);
    show_times(info, now, out);
    fprintf(out, "  for          %s\n  flags        %s\n", who, flags);
    if (record->comment[0])
        fprintf(out, "  comment      %s\n", record->comment);
    fprintf(out, "  jobs        ");
    for (size_t i = 0; i < info->n_jobs; i++)
        fprintf(out, " %u", info->jobs[i]);
    fprintf(out, "%s\n  made         %s by %s\n", info->n_jobs ? "" : " -", made,
            record->created_by);
}

void reserve_show(const Berth__ReservationList *list, FILE *out)
{
    for (size_t i = 0; i < list->n_reservations; i++) {
        if (i > 0)
            fputc('\n', out);
        show_one(list->reservations[i], list->now, out);
    }
}

/* ------------------------------------------------------------------ document */

static json_t *names(char *const *list, size_t n)
{
    json_t *doc = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(doc, document_text(list[i]));
    return doc;
}

static json_t *known(int64_t value)
{
    return value ? json_integer(value) : json_null();
}

static json_t *document(const Berth__ReservationInfo *info)
{
    const Berth__ReservationRecord *record = info->record;
    json_t *jobs = json_array();

    for (size_t i = 0; i < info->n_jobs; i++)
        json_array_append_new(jobs, json_integer(info->jobs[i]));
    return json_pack(
        "{s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:I, "
        "s:o}",
        "name", document_text(record->name), "state", document_text(info->state),
        "nodes", document_text(record->nodes), "n_nodes", (json_int_t)info->n_nodes,
        "start", (json_int_t)info->start, "end", (json_int_t)info->end, "every",
        known(record->every), "floating", known(record->floating), "users",
        names(record->users, record->n_users), "accounts",
        names(record->accounts, record->n_accounts), "maintenance",
        (int)record->maintenance, "flex", (int)record->flexible, "comment",
        document_text(record->comment), "created_by", document_text(record->created_by),
        "created_at", (json_int_t)record->created_at, "jobs", jobs);
}

json_t *reserve_document(const Berth__ReservationList *list)
{
    json_t *all = json_array();

    for (size_t i = 0; i < list->n_reservations; i++)
        json_array_append_new(all, document(list->reservations[i]));
    return json_pack("{s:o, s:I}", "reservations", all, "now", (json_int_t)list->now);
}
