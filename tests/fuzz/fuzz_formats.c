/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_formats.c - any text as a format or an order of squeue, sinfo and sacct
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "slurm/job_row.h"
#include "slurm/lines.h"
#include "slurm/node_group.h"
#include "slurm/sacct_fields.h"

#include <string.h>

static void put_text(const void *row, struct strbuf *out)
{
    strbuf_puts(out, row);
}

static double key_of(const void *row)
{
    return (double)strlen(row);
}

static const struct field own[] = {
    {'i', "id", "ID", put_text, NULL, 8, 0},
    {'j', "name", "NAME", put_text, key_of, -8, 0},
};
static const struct field_table own_fields = {own, ARRAY_SIZE(own), "job"};

/* Widths are bounded, so a line is no longer than the text allows. */
static void print(const struct format *format, const void *row, size_t size)
{
    struct strbuf out = STRBUF_INIT;

    format_header(format, &out);
    format_rule(format, &out);
    if (row)
        format_row(format, row, &out);
    BUG_ON(out.len > (size + 1) * 3 * (FIELD_WIDTH_MAX + 64) + 4096);
    strbuf_fini(&out);
}

static void parse(const struct field_table *table, const char *text, const void *row)
{
    size_t size = strlen(text);
    struct format format;
    struct err err = {0};

    format_parse(table, text, &format);
    print(&format, row, size);
    format_fini(&format);
    if (format_parse_long(table, text, &format, &err) == 0)
        print(&format, row, size);
    else
        BUG_ON(!err.text[0]);
    format_fini(&format);
    err.text[0] = '\0';
    if (format_parse_list(table, text, &format, &err) == 0) {
        print(&format, row, size);
        format_set_bars(&format, "|", size % 2);
        print(&format, row, size);
    } else {
        BUG_ON(!err.text[0]);
    }
    format_fini(&format);
}

static void sort(const char *order)
{
    static const char *const rows[] = {"b", "a", "", "\xc3\xb6\xff", "a"};
    struct lines *lines = NULL;
    struct format format;
    struct err err = {0};

    format_parse(&own_fields, "%i %.3j", &format);
    if (lines_create(&own_fields, order, &format, &lines, &err) == 0) {
        FILE *out = fopen("/dev/null", "we");

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
            lines_add(lines, rows[i]);
        lines_print(lines, out);
        fclose(out);
    } else {
        BUG_ON(!err.text[0]);
    }
    lines_destroy(lines);
    format_fini(&format);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size < 4096 ? size : 4096);

    parse(&own_fields, text, "a row\033\n\xc3");
    parse(&job_fields, text, NULL);
    parse(&group_fields, text, NULL);
    parse(&sacct_fields, text, NULL);
    sort(text);
    return 0;
}
