/* SPDX-License-Identifier: Apache-2.0
 *
 * show.c - a configuration as YAML that config_load reads again
 */
#include "config/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
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

static void show_libraries(const struct config *c, FILE *out)
{
    const struct config_libraries *sets = c->container.libraries;

    if (c->container.n_libraries)
        (void)fprintf(out, "  host_libraries:\n");
    for (size_t i = 0; i < c->container.n_libraries; i++)
        show_item(c, "container.host_libraries[].", &sets[i], sets[i].line, out);
}

static void show_subnets(const struct config *c, FILE *out)
{
    const struct config_subnet *subnets = c->pods.subnets;

    if (c->pods.n_subnets)
        (void)fprintf(out, "  subnets:\n");
    for (size_t i = 0; i < c->pods.n_subnets; i++)
        show_item(c, "pods.subnets[].", &subnets[i], subnets[i].line, out);
}

static void show_keys(const struct config *c, FILE *out)
{
    const char *before = "";

    for (size_t i = 0; i < schema_size; i++) {
        cleanup(freep) char *value = NULL;
        struct strbuf sb = STRBUF_INIT;
        const char *name;
        int depth;

        /* These lists are in a section, and stand where their first keys do. */
        if (strcmp(schema_table[i].path, "container.host_libraries[].name") == 0)
            show_libraries(c, out);
        if (strcmp(schema_table[i].path, "pods.subnets[].name") == 0)
            show_subnets(c, out);
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

/* The shortest host list that expands to 'names' in this very order, or NULL. */
static char *host_list(char *const *names)
{
    cleanup(freep) char *text = hostlist_compress(names);
    cleanup(strv_freep) char **again = NULL;
    size_t i = 0;

    if (hostlist_expand(text, &again, NULL) < 0)
        return NULL;
    while (again && again[i] && names[i] && strcmp(again[i], names[i]) == 0)
        i++;
    return again && !again[i] && !names[i] ? take(text) : NULL;
}

/* Nodes 'first' to before 'end' on one line. False when they cannot be. */
static bool show_group(const struct config *c, size_t first, size_t end, FILE *out)
{
    cleanup(freep) char **names = xcalloc(end - first + 1, sizeof(*names));
    cleanup(freep) char **addresses = xcalloc(end - first + 1, sizeof(*addresses));
    cleanup(freep) char *name_list = NULL, *address_list = NULL;
    const struct config_node *n = &c->nodes[first];
    struct node_group group = {.port = n->port,
                               .topology = n->topology,
                               .memory = n->memory,
                               .features = n->features,
                               .gres = n->gres,
                               .labels = n->labels,
                               .taints = n->taints};

    for (size_t i = first; i < end; i++) {
        names[i - first] = c->nodes[i].name;
        addresses[i - first] = c->nodes[i].address;
    }
    group.names = name_list = host_list(names);
    group.address = address_list = host_list(addresses);
    if (!group.names || !group.address)
        return false;
    show_item(c, "nodes[].", &group, n->line, out);
    return true;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Can both stand in one item? */
static bool are_alike(const struct config_node *a, const struct config_node *b)
{
    return a->line == b->line && a->port == b->port && a->memory == b->memory &&
           same_text(a->topology, b->topology) && same_text(a->features, b->features) &&
           same_text(a->gres, b->gres) && same_text(a->labels, b->labels) &&
           same_text(a->taints, b->taints);
}

static void show_nodes(const struct config *c, FILE *out)
{
    size_t first = 0;

    while (first < c->n_nodes) {
        size_t end = first + 1;

        while (end < c->n_nodes && are_alike(&c->nodes[first], &c->nodes[end]))
            end++;
        if (!show_group(c, first, end, out))
            for (size_t i = first; i < end; i++)
                (void)show_group(c, i, i + 1, out);
        first = end;
    }
}

void config_show(const struct config *c, FILE *out)
{
    show_keys(c, out);
    if (c->n_nodes)
        (void)fprintf(out, "nodes:\n");
    show_nodes(c, out);
    if (c->n_partitions)
        (void)fprintf(out, "partitions:\n");
    for (size_t i = 0; i < c->n_partitions; i++)
        show_item(c, "partitions[].", &c->partitions[i], c->partitions[i].line, out);
    if (c->n_switches)
        (void)fprintf(out, "switches:\n");
    for (size_t i = 0; i < c->n_switches; i++)
        show_item(c, "switches[].", &c->switches[i], c->switches[i].line, out);
}
