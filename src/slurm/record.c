/* SPDX-License-Identifier: Apache-2.0
 *
 * record.c - records as scontrol shows them: lines of KEY=VALUE
 */
#include "slurm/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "slurm/words.h"

struct strbuf *record_key(struct record *record, const char *key)
{
    if (record->is_begun)
        strbuf_putc(&record->text, ' ');
    record->is_begun = true;
    strbuf_puts(&record->text, key);
    strbuf_putc(&record->text, '=');
    return &record->text;
}

void record_put(struct record *record, const char *key, const char *fmt, ...)
{
    cleanup(freep) char *value = NULL;
    va_list ap;
    int rc;

    va_start(ap, fmt);
    rc = vasprintf(&value, fmt, ap);
    va_end(ap);
    BUG_ON(rc < 0);
    strbuf_puts(record_key(record, key), value);
}

void record_text(struct record *record, const char *key, const char *text)
{
    put_or_null(record_key(record, key), text);
}

void record_line(struct record *record)
{
    if (record->one_line)
        return;
    strbuf_puts(&record->text, "\n   ");
    record->is_begun = false;
}

void record_print(struct record *record)
{
    printf("%s\n%s", record->text.s ? record->text.s : "",
           record->one_line ? "" : "\n");
    strbuf_fini(&record->text);
    record->is_begun = false;
}
