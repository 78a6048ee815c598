/* SPDX-License-Identifier: Apache-2.0
 *
 * show.c - a configuration as YAML that config_load reads again
 */
#include "config/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "config/schema.h"

/* Words of plain letters stay as they are; all else is quoted. */
static void put_value(struct strbuf *sb, const char *text)
{
    if (*text && !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz0123456789_./-")]) {
        strbuf_puts(sb, text);
        return;
    }
    strbuf_putc(sb, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            strbuf_putc(sb, '\\');
        strbuf_putc(sb, *text);
    }
    strbuf_putc(sb, '"');
}

static void put_origin(const struct config *c, struct strbuf *sb, unsigned int line)
{
    const char *slash = strrchr(c->path, '/');

    while (sb->len < 48)
        strbuf_putc(sb, ' ');
    if (line)
        strbuf_printf(sb, "  # %s:%u", slash ? slash + 1 : c->path, line);
    else
        strbuf_puts(sb, "  # default");
}

static void end_line(struct strbuf *sb, FILE *out)
{
    (void)fprintf(out, "%s\n", sb->s);
    strbuf_fini(sb);
}

/* Print the headings of 'path' that 'before' did not have. */
static const char *put_headings(const char *path, const char *before, int *ret_depth,
                                FILE *out)
{
    const char *dot;
    bool same = true;

    *ret_depth = 0;
    while ((dot = strchr(path, '.'))) {
        size_t len = (size_t)(dot - path) + 1;

        same = same && strncmp(path, before, len) == 0;
        if (!same)
            (void)fprintf(out, "%*s%.*s:\n", 2 * *ret_depth, "", (int)len - 1, path);
        if (same)
            before += len;
        path = dot + 1;
        ++*ret_depth;
    }
    return path;
}

static void show_keys(const struct config *c, FILE *out)
{
    const char *before = "";

    for (size_t i = 0; i < schema_size; i++) {
        cleanup(freep) char *value = NULL;
        struct strbuf sb = STRBUF_INIT;
        const char *name;
        int depth;

        if (!schema_in_scope(i, ""))
            continue;
        name = put_headings(schema_table[i].path, before, &depth, out);
        before = schema_table[i].path;
        value = schema_get(&schema_table[i], c);
        strbuf_printf(&sb, "%*s%s: ", 2 * depth, "", name);
        put_value(&sb, value);
        put_origin(c, &sb, c->lines[i]);
        end_line(&sb, out);
    }
}

/* One item of a list on one line; empty values are left out. */
static void show_item(const struct config *c, const char *scope, const void *object,
                      unsigned int line, FILE *out)
{
    struct strbuf sb = STRBUF_INIT;
    const char *comma = "";

    strbuf_puts(&sb, "  - {");
    for (size_t i = 0; i < schema_size; i++) {
        cleanup(freep) char *value = NULL;

        if (strncmp(schema_table[i].path, scope, strlen(scope)) != 0)
            continue;
        value = schema_get(&schema_table[i], object);
        if (!*value || strcmp(value, "0M") == 0)
            continue;
        strbuf_printf(&sb, "%s%s: ", comma, schema_table[i].path + strlen(scope));
        put_value(&sb, value);
        comma = ", ";
    }
    strbuf_putc(&sb, '}');
    put_origin(c, &sb, line);
    end_line(&sb, out);
}

void config_show(const struct config *c, FILE *out)
{
    show_keys(c, out);
    if (c->n_nodes)
        (void)fprintf(out, "nodes:\n");
    for (size_t i = 0; i < c->n_nodes; i++) {
        const struct config_node *n = &c->nodes[i];
        struct node_group group = {.names = n->name,
                                   .address = n->address,
                                   .port = n->port,
                                   .topology = n->topology,
                                   .memory = n->memory};

        show_item(c, "nodes[].", &group, n->line, out);
    }
    if (c->n_partitions)
        (void)fprintf(out, "partitions:\n");
    for (size_t i = 0; i < c->n_partitions; i++)
        show_item(c, "partitions[].", &c->partitions[i], c->partitions[i].line, out);
    if (c->n_switches)
        (void)fprintf(out, "switches:\n");
    for (size_t i = 0; i < c->n_switches; i++)
        show_item(c, "switches[].", &c->switches[i], c->switches[i].line, out);
}
