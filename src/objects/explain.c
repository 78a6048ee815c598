/* SPDX-License-Identifier: Apache-2.0
 *
 * explain.c - print the table of fields, for a person or as a page
 */
#include "objects/explain.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"

#define TYPES_MAX 256
#define DEPTH_MAX 16

/* What it may hold, beyond its type: words, bounds, default, and how it is taken. */
static void describe(const struct mf_field *field, struct strbuf *out)
{
    if (field->help)
        strbuf_puts(out, field->help);
    if (field->words) {
        strbuf_puts(out, out->len ? ": " : "");
        for (size_t i = 0; field->words[i]; i++)
            strbuf_printf(out, i ? ", %s" : "%s", field->words[i]);
    }
    if (field->max && field->value != MF_STRING)
        strbuf_printf(out, "%s%" PRId64 " to %" PRId64, out->len ? "; " : "",
                      field->min, field->max);
    if (field->preset)
        strbuf_printf(out, "%sdefault %s", out->len ? "; " : "", field->preset);
    if (field->is_required)
        strbuf_printf(out, "%srequired", out->len ? "; " : "");
    if (field->treatment != MF_HONOURED)
        strbuf_printf(out, "%s%s: %s", out->len ? "; " : "",
                      schema_treatment_name(field->treatment), field->note);
    if (field->harmless && field->treatment != MF_HONOURED)
        strbuf_printf(out, " (%s is fine)", field->harmless);
}

static void type_name(const struct mf_field *field, char *buf, size_t size)
{
    if (field->of)
        snprintf(buf, size, field->value == MF_OBJECTS ? "[]%s" : "%s",
                 field->of->name);
    else
        snprintf(buf, size, "%s", schema_value_name(field->value));
}

static void print_field(const struct mf_field *field, FILE *out)
{
    struct strbuf words = STRBUF_INIT;
    char type[64];

    type_name(field, type, sizeof(type));
    describe(field, &words);
    fprintf(out, "  %s <%s>\n      %s\n", field->name, type, words.s ? words.s : "");
    strbuf_fini(&words);
}

static void print_type(const struct mf_type *type, FILE *out)
{
    fprintf(out, "%s\n\nFields:\n", type->help);
    for (size_t i = 0; i < type->n_fields; i++)
        print_field(&type->fields[i], out);
}

static int not_found(const char *word, const char *near, struct err *err)
{
    return err_set(err, ENOENT, "there is no '%.64s'%s%s", word,
                   near ? "; nearest: " : "", near ? near : "");
}

static int find_kind(const struct mf_kind *extra, const char *word,
                     const struct mf_kind **ret, struct err *err)
{
    const struct mf_kind *kind = kind_by_name(extra, word);

    if (!kind)
        return not_found(word, kind_nearest(extra, word), err);
    if (!kind->type)
        return err_set(err, ENOTSUP, "%s is not run by Berth: %s", kind->name,
                       kind->refusal);
    *ret = kind;
    return 0;
}

/* One step down a path; a field without fields is the end of it. */
static int step_down(const struct mf_type *type, char *word,
                     const struct mf_field **ret, struct err *err)
{
    char *bracket = strchr(word, '[');

    if (bracket)
        *bracket = '\0';
    *ret = type ? schema_field(type, word) : NULL;
    if (*ret)
        return 0;
    return not_found(word, type ? schema_nearest(type, word) : NULL, err);
}

/* What a path leads to. */
struct place {
    const struct mf_kind *kind;
    const struct mf_field *field; /* NULL: the kind itself */
    const struct mf_type *type;   /* of what stands there; NULL: it has no fields */
};

static int find_place(const struct mf_kind *extra, const char *path, struct place *ret,
                      struct err *err)
{
    cleanup(freep) char *copy = xstrdup(path);
    char *rest = copy, *word = strsep(&rest, ".");
    int rc = find_kind(extra, word, &ret->kind, err);

    if (rc < 0)
        return rc;
    ret->field = NULL;
    ret->type = ret->kind->type;
    while ((word = strsep(&rest, "."))) {
        rc = step_down(ret->type, word, &ret->field, err);
        if (rc < 0)
            return rc;
        ret->type = ret->field->of;
    }
    return 0;
}

static void print_place(const struct place *place, FILE *out)
{
    const struct mf_kind *kind = place->kind;

    if (place->field)
        print_field(place->field, out);
    else if (kind->refusal)
        fprintf(out, "%s %s is not run by Berth: %s.\n", kind->api, kind->name,
                kind->refusal);
    else
        fprintf(out, "%s %s\n", kind->api, kind->name);
    if (place->type)
        fputc('\n', out);
}

int explain_path(const struct mf_kind *extra, const char *path, FILE *out,
                 struct err *err)
{
    struct place place;
    int rc = find_place(extra, path, &place, err);

    if (rc < 0)
        return rc;
    print_place(&place, out);
    if (place.type)
        print_type(place.type, out);
    return 0;
}

static void print_tree(const struct mf_type *type, int depth, FILE *out)
{
    char name[64];

    for (size_t i = 0; i < type->n_fields; i++) {
        const struct mf_field *field = &type->fields[i];

        type_name(field, name, sizeof(name));
        fprintf(out, "%*s%s <%s>%s%s\n", 2 * depth, "", field->name, name,
                field->is_required ? " required" : "",
                field->treatment == MF_REFUSED  ? " refused"
                : field->treatment == MF_WARNED ? " without effect"
                                                : "");
        if (field->of && depth < DEPTH_MAX)
            print_tree(field->of, depth + 1, out);
    }
}

int explain_tree(const struct mf_kind *extra, const char *path, FILE *out,
                 struct err *err)
{
    struct place place;
    int rc = find_place(extra, path, &place, err);

    if (rc < 0)
        return rc;
    print_place(&place, out);
    if (place.type)
        print_tree(place.type, 1, out);
    return 0;
}

static void print_kind(const struct mf_kind *kind, FILE *out)
{
    fprintf(out, "%-30s %-24s %s\n", kind->api, kind->name,
            kind->refusal ? kind->refusal : "accepted");
}

void explain_kinds(const struct mf_kind *extra, FILE *out)
{
    for (size_t i = 0; i < mf_n_kinds; i++)
        print_kind(&mf_kinds[i], out);
    if (extra)
        print_kind(extra, out);
}

struct page {
    const struct mf_type *types[TYPES_MAX];
    size_t n;
};

/* Each type once, in the order in which it is met. */
static void gather(struct page *page, const struct mf_type *type)
{
    for (size_t i = 0; i < page->n; i++)
        if (page->types[i] == type)
            return;
    BUG_ON(page->n == TYPES_MAX);
    page->types[page->n++] = type;
    for (size_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].of)
            gather(page, type->fields[i].of);
}

/* '|' ends a cell of a table. */
static void write_cell(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void write_row(const struct mf_field *field, FILE *out)
{
    struct strbuf words = STRBUF_INIT;
    char type[64];

    type_name(field, type, sizeof(type));
    describe(field, &words);
    fprintf(out, "| `%s` | %s | ", field->name, type);
    write_cell(words.s ? words.s : "", out);
    fputs(" |\n", out);
    strbuf_fini(&words);
}

static void write_type(const struct mf_type *type, FILE *out)
{
    fprintf(out, "\n### %s\n\n%s\n\n| field | type | |\n| --- | --- | --- |\n",
            type->name, type->help);
    for (size_t i = 0; i < type->n_fields; i++)
        write_row(&type->fields[i], out);
}

void explain_page(FILE *out)
{
    struct page page = {.n = 0};

    fputs("# Fields of manifests\n\nPrinted by `berth apply --explain page` from the "
          "table that also checks them.\n\n## Kinds\n\n| API | kind | |\n| --- | --- | "
          "--- |\n",
          out);
    for (size_t i = 0; i < mf_n_kinds; i++) {
        const struct mf_kind *kind = &mf_kinds[i];

        fprintf(out, "| %s | %s | %s |\n", kind->api, kind->name,
                kind->refusal ? kind->refusal : "accepted");
        if (!kind->refusal)
            gather(&page, kind->type);
    }
    fputs("| berth/v1 | BatchJob | accepted; its fields are the options of `berth "
          "submit` "
          "in camel case: `berth apply --explain batchjob.spec` |\n\n## Types\n",
          out);
    for (size_t i = 0; i < page.n; i++)
        write_type(page.types[i], out);
}
