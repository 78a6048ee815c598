/* SPDX-License-Identifier: Apache-2.0
 *
 * object_columns.c - lists of objects, with kubectl's columns
 */
#include "cli/object_columns.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "cli/age.h"
#include "cli/object_document.h"
#include "cli/pod_words.h"
#include "cli/table.h"
#include "objects/kinds.h"

#define NONE "<none>"

struct row {
    const Berth__ObjectRecord *record;
    json_t *document;
    int64_t now;
    bool has_kind;
};

struct cell {
    const char *title;
    bool is_wide;
    char *(*format)(const struct row *row);
};

/* -------------------------------------------------------------------- helpers */

static char *or_none(const char *text)
{
    return xstrdup(text[0] ? text : NONE);
}

static char *age_or(const struct row *row, int64_t since, const char *otherwise)
{
    return since ? age_format(row->now - since) : xstrdup(otherwise);
}

static void add_word(struct strbuf *out, const char *word)
{
    if (out->len)
        strbuf_putc(out, ',');
    strbuf_puts(out, word);
}

static char *take_or_none(struct strbuf *out)
{
    if (!out->len)
        strbuf_puts(out, NONE);
    return strbuf_take(out);
}

/* "a=b,c=d" of a map. */
static char *pairs_of(json_t *map)
{
    struct strbuf out = STRBUF_INIT;
    const char *key;
    json_t *value;

    json_object_foreach(map, key, value)
        strbuf_printf(&out, "%s%s=%s", out.len ? "," : "", key,
                      json_string_value(value) ? json_string_value(value) : "");
    return take_or_none(&out);
}

static json_t *pod_template(const struct row *row)
{
    json_t *job = object_at(row->document, "spec", "jobTemplate", NULL);

    return object_at(job ? job : row->document, "spec", "template", NULL);
}

static char *each_container(json_t *pod, const char *what)
{
    json_t *list = object_at(pod, "spec", "containers", NULL), *container;
    struct strbuf out = STRBUF_INIT;
    size_t i;

    json_array_foreach(list, i, container)
        add_word(&out, object_text(container, what, NULL));
    return take_or_none(&out);
}

/* ----------------------------------------------------------------- all kinds */

char *object_name_in(const char *api, const char *kind, const char *name)
{
    const char *slash = strchr(api, '/');
    char *full = slash ? xasprintf("%s.%.*s/%s", kind, (int)(slash - api), api, name)
                       : xasprintf("%s/%s", kind, name);

    for (char *at = full; *at != '/'; at++)
        *at = (char)tolower((unsigned char)*at);
    return full;
}

char *object_full_name(const char *kind, const char *name)
{
    const struct mf_kind *known = kind_by_name(NULL, kind);

    return object_name_in(known ? known->api : "v1", kind, name);
}

static char *cell_name(const struct row *row)
{
    return row->has_kind ? object_full_name(row->record->kind, row->record->name)
                         : xstrdup(row->record->name);
}

static char *cell_age(const struct row *row)
{
    return age_or(row, row->record->created_at, "<unknown>");
}

static char *cell_data(const struct row *row)
{
    return xasprintf(
        "%zu", json_object_size(json_object_get(row->document, "data")) +
                   json_object_size(json_object_get(row->document, "stringData")) +
                   json_object_size(json_object_get(row->document, "binaryData")));
}

/* ---------------------------------------------------------------------- pods */

static char *cell_ready(const struct row *row)
{
    return pod_words_ready(row->record, row->document);
}

static char *cell_pod_status(const struct row *row)
{
    return pod_words_status(row->record, row->document);
}

static char *cell_restarts(const struct row *row)
{
    return pod_words_restarts(row->record, row->now);
}

static char *cell_ip(const struct row *row)
{
    return or_none(object_text(row->document, "status", "podIP", NULL));
}

static char *cell_node(const struct row *row)
{
    return or_none(row->record->pod ? row->record->pod->node : "");
}

static char *cell_job(const struct row *row)
{
    return row->record->job_id ? xasprintf("%u", row->record->job_id) : xstrdup(NONE);
}

static const struct cell pod_cells[] = {
    {"NAME", false, cell_name},         {"READY", false, cell_ready},
    {"STATUS", false, cell_pod_status}, {"RESTARTS", false, cell_restarts},
    {"AGE", false, cell_age},           {"IP", true, cell_ip},
    {"NODE", true, cell_node},          {"JOB", true, cell_job},
};

/* ---------------------------------------------------------------------- jobs */

static const Berth__WorkloadStatus *work_of(const struct row *row)
{
    static const Berth__WorkloadStatus nothing = BERTH__WORKLOAD_STATUS__INIT;

    return row->record->workload ? row->record->workload : &nothing;
}

static bool is_suspended(const struct row *row)
{
    return json_is_true(object_at(row->document, "spec", "suspend", NULL));
}

static char *cell_job_status(const struct row *row)
{
    const char *condition = work_of(row)->condition;

    if (row->record->deleted_at)
        return xstrdup("Terminating");
    if (condition[0])
        return xstrdup(condition);
    return xstrdup(is_suspended(row) ? "Suspended" : "Running");
}

static char *cell_completions(const struct row *row)
{
    json_t *wanted = object_at(row->document, "spec", "completions", NULL);
    json_t *beside = object_at(row->document, "spec", "parallelism", NULL);
    unsigned int done = work_of(row)->succeeded;

    if (wanted)
        return xasprintf("%u/%lld", done, (long long)json_integer_value(wanted));
    if (json_integer_value(beside) > 1)
        return xasprintf("%u/1 of %lld", done, (long long)json_integer_value(beside));
    return xasprintf("%u/1", done);
}

static char *cell_duration(const struct row *row)
{
    const Berth__WorkloadStatus *work = work_of(row);

    if (!work->start_time)
        return xstrdup(NONE);
    return age_format((work->end_time ? work->end_time : row->now) - work->start_time);
}

static char *cell_containers(const struct row *row)
{
    return each_container(pod_template(row), "name");
}

static char *cell_images(const struct row *row)
{
    return each_container(pod_template(row), "image");
}

static const struct cell job_cells[] = {
    {"NAME", false, cell_name},
    {"STATUS", false, cell_job_status},
    {"COMPLETIONS", false, cell_completions},
    {"DURATION", false, cell_duration},
    {"AGE", false, cell_age},
    {"CONTAINERS", true, cell_containers},
    {"IMAGES", true, cell_images},
};

static char *cell_schedule(const struct row *row)
{
    return or_none(object_text(row->document, "spec", "schedule", NULL));
}

static char *cell_zone(const struct row *row)
{
    return or_none(object_text(row->document, "spec", "timeZone", NULL));
}

static char *cell_suspend(const struct row *row)
{
    return xstrdup(is_suspended(row) ? "True" : "False");
}

static char *cell_active(const struct row *row)
{
    return xasprintf("%zu", work_of(row)->n_running);
}

static char *cell_last_schedule(const struct row *row)
{
    return age_or(row, work_of(row)->last_schedule, NONE);
}

static const struct cell cron_job_cells[] = {
    {"NAME", false, cell_name},     {"SCHEDULE", false, cell_schedule},
    {"TIMEZONE", false, cell_zone}, {"SUSPEND", false, cell_suspend},
    {"ACTIVE", false, cell_active}, {"LAST SCHEDULE", false, cell_last_schedule},
    {"AGE", false, cell_age},       {"CONTAINERS", true, cell_containers},
    {"IMAGES", true, cell_images},
};

/* --------------------------------------------------------------- data, volumes */

static char *cell_secret_type(const struct row *row)
{
    const char *type = object_text(row->document, "type", NULL);

    return xstrdup(type[0] ? type : "Opaque");
}

static const struct cell config_map_cells[] = {
    {"NAME", false, cell_name}, {"DATA", false, cell_data}, {"AGE", false, cell_age}};
static const struct cell secret_cells[] = {{"NAME", false, cell_name},
                                           {"TYPE", false, cell_secret_type},
                                           {"DATA", false, cell_data},
                                           {"AGE", false, cell_age}};

/* "RWO,ROX". */
static char *cell_modes(const struct row *row)
{
    static const char *const words[][2] = {{"ReadWriteOnce", "RWO"},
                                           {"ReadOnlyMany", "ROX"},
                                           {"ReadWriteMany", "RWX"},
                                           {"ReadWriteOncePod", "RWOP"}};
    json_t *list = object_at(row->document, "spec", "accessModes", NULL), *mode;
    struct strbuf out = STRBUF_INIT;
    size_t i;

    json_array_foreach(
        list, i, mode) for (size_t w = 0; w < ARRAY_SIZE(words);
                            w++) if (json_string_value(mode) &&
                                     strcmp(json_string_value(mode), words[w][0]) == 0)
        add_word(&out, words[w][1]);
    return take_or_none(&out);
}

static char *cell_class(const struct row *row)
{
    return or_none(object_text(row->document, "spec", "storageClassName", NULL));
}

static char *cell_phase(const struct row *row)
{
    const char *phase = object_text(row->document, "status", "phase", NULL);

    if (row->record->deleted_at)
        return xstrdup("Terminating");
    return xstrdup(phase[0] ? phase : "Pending");
}

static char *cell_capacity(const struct row *row)
{
    return or_none(object_text(row->document, "spec", "capacity", "storage", NULL));
}

static char *cell_reclaim(const struct row *row)
{
    return or_none(
        object_text(row->document, "spec", "persistentVolumeReclaimPolicy", NULL));
}

static char *cell_other(const struct row *row)
{
    return or_none(row->record->claim ? row->record->claim->other : "");
}

static char *cell_claimed(const struct row *row)
{
    return or_none(object_text(row->document, "status", "capacity", "storage", NULL));
}

static const struct cell volume_cells[] = {
    {"NAME", false, cell_name},          {"CAPACITY", false, cell_capacity},
    {"ACCESS MODES", false, cell_modes}, {"RECLAIM POLICY", false, cell_reclaim},
    {"STATUS", false, cell_phase},       {"CLAIM", false, cell_other},
    {"STORAGECLASS", false, cell_class}, {"AGE", false, cell_age},
};
static const struct cell claim_cells[] = {
    {"NAME", false, cell_name},
    {"STATUS", false, cell_phase},
    {"VOLUME", false, cell_other},
    {"CAPACITY", false, cell_claimed},
    {"ACCESS MODES", false, cell_modes},
    {"STORAGECLASS", false, cell_class},
    {"AGE", false, cell_age},
};
static const struct cell plain_cells[] = {{"NAME", false, cell_name},
                                          {"AGE", false, cell_age}};

/* ------------------------------------------------------------- the whole table */

static const struct {
    const char *kind;
    const struct cell *cells;
    size_t n;
} tables[] = {
    {"Pod", pod_cells, ARRAY_SIZE(pod_cells)},
    {"Job", job_cells, ARRAY_SIZE(job_cells)},
    {"CronJob", cron_job_cells, ARRAY_SIZE(cron_job_cells)},
    {"ConfigMap", config_map_cells, ARRAY_SIZE(config_map_cells)},
    {"Secret", secret_cells, ARRAY_SIZE(secret_cells)},
    {"PersistentVolume", volume_cells, ARRAY_SIZE(volume_cells)},
    {"PersistentVolumeClaim", claim_cells, ARRAY_SIZE(claim_cells)},
};

static char *cell_name_space(const struct row *row)
{
    return or_none(row->record->name_space);
}

static char *cell_user(const struct row *row)
{
    return or_none(row->record->owner_user);
}

static char *cell_labels(const struct row *row)
{
    return pairs_of(object_at(row->document, "metadata", "labels", NULL));
}

#define CELLS_MAX 16

struct object_table {
    struct object_view view;
    const struct cell *cells[CELLS_MAX];
    struct column columns[CELLS_MAX];
    size_t n;
    struct table *table;
    size_t n_rows, n_printed;
};

static void add_column(struct object_table *table, const struct cell *cell)
{
    table->columns[table->n] = (struct column){.title = cell->title};
    table->cells[table->n++] = cell;
}

struct object_table *object_table_create(const char *kind,
                                         const struct object_view *view)
{
    static const struct cell name_space = {"NAMESPACE", false, cell_name_space};
    static const struct cell user = {"USER", false, cell_user};
    static const struct cell labels = {"LABELS", false, cell_labels};
    struct object_table *table = xcalloc(1, sizeof(*table));
    const struct cell *cells = plain_cells;
    size_t n = ARRAY_SIZE(plain_cells);

    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        if (strcmp(tables[i].kind, kind) == 0) {
            cells = tables[i].cells;
            n = tables[i].n;
        }
    }
    table->view = *view;
    if (view->has_name_space)
        add_column(table, &name_space);
    if (view->has_user)
        add_column(table, &user);
    for (size_t i = 0; i < n; i++)
        if (view->is_wide || !cells[i].is_wide)
            add_column(table, &cells[i]);
    if (view->has_labels)
        add_column(table, &labels);
    table->table = table_create(table->columns, table->n);
    return table;
}

void object_table_destroy(struct object_table *table)
{
    if (!table)
        return;
    table_destroy(table->table);
    free(table);
}

void object_table_add(struct object_table *table, const Berth__ObjectRecord *record,
                      int64_t now)
{
    struct row row = {.record = record,
                      .document = object_document_quick(record),
                      .now = now,
                      .has_kind = table->view.has_kind};

    for (size_t i = 0; i < table->n; i++)
        table_take(table->table, table->cells[i]->format(&row));
    table->n_rows++;
    json_decref(row.document);
}

void object_table_print(struct object_table *table, bool has_header, FILE *out)
{
    table_print(table->table, has_header, 0, out);
    table->n_printed = table->n_rows;
}

void object_table_print_new(struct object_table *table, FILE *out)
{
    table_print_rest(table->table, table->n_printed, out);
    table->n_printed = table->n_rows;
}
