/* SPDX-License-Identifier: Apache-2.0
 *
 * topology_conf.c - switches from Slurm's topology.conf
 */
#include "config/topology_conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/nearest.h"

#define LINE_MAX_BYTES (1u << 20)

struct switch_list_reader {
    const char *path;
    struct switch_list *list;
    unsigned int line;
    size_t n_blocks;
    char *block_sizes;
    struct err *err;
};

struct config_switch *switch_list_add(struct switch_list *list)
{
    if ((list->n & (list->n - 1)) == 0)
        list->at = xrealloc(list->at, list->n ? 2 * list->n : 1, sizeof(*list->at));
    list->at[list->n] = (struct config_switch){0};
    return &list->at[list->n++];
}

void switch_list_free(struct switch_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->at[i].name);
        free(list->at[i].switches);
        free(list->at[i].nodes);
    }
    free(list->at);
    *list = (struct switch_list){0};
}

static int refuse(const struct switch_list_reader *r, const char *words,
                  const char *what)
{
    return err_set(r->err, EINVAL, "%s:%u: %s '%.64s'", r->path, r->line, words, what);
}

static int unknown_key(const struct switch_list_reader *r, const char *key)
{
    static const char *const known[] = {"SwitchName", "Switches",  "Nodes",
                                        "LinkSpeed",  "BlockName", "BlockSizes"};
    const char *near = nearest_name(key, known, ARRAY_SIZE(known));
    return err_set(r->err, EINVAL, "%s:%u: no such key '%.64s'%s%s%s", r->path, r->line,
                   key, near ? ", did you mean '" : "", near ? near : "",
                   near ? "'?" : "");
}

/* What one line says. */
struct entry {
    char *switch_name, *block_name, *switches, *nodes, *sizes;
};

static void entry_fini(struct entry *e)
{
    free(e->switch_name);
    free(e->block_name);
    free(e->switches);
    free(e->nodes);
    free(e->sizes);
}

/* Where the value goes; *ret NULL: nowhere. */
static int find_slot(struct switch_list_reader *r, struct entry *e, const char *key,
                     char ***ret)
{
    const struct {
        const char *key;
        char **slot;
    } rows[] = {{"SwitchName", &e->switch_name}, {"BlockName", &e->block_name},
                {"Switches", &e->switches},      {"Nodes", &e->nodes},
                {"BlockSizes", &e->sizes},       {"LinkSpeed", NULL}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcasecmp(rows[i].key, key) != 0)
            continue;
        *ret = rows[i].slot;
        return rows[i].slot && *rows[i].slot ? refuse(r, "given twice:", key) : 0;
    }
    return unknown_key(r, key);
}

/* One "Key=Value". */
static int take_word(struct switch_list_reader *r, struct entry *e, const char *word,
                     size_t len)
{
    cleanup(freep) char *key = xstrndup(word, len);
    char *value = strchr(key, '='), **slot = NULL;
    if (!value)
        return refuse(r, "a '=' is missing in", key);
    *value++ = '\0';
    int rc = find_slot(r, e, key, &slot);
    if (rc < 0)
        return rc;
    if (!*value)
        return refuse(r, "no value for", key);
    if (slot)
        *slot = xstrdup(value);
    return 0;
}

static int add_switch(struct switch_list_reader *r, struct entry *e)
{
    bool is_block = e->block_name != NULL;
    struct config_switch *s;
    if (is_block == (e->switch_name != NULL))
        return refuse(r, "a line needs one of SwitchName and BlockName, not",
                      is_block ? "both" : "neither");
    if (!e->switches && !e->nodes)
        return refuse(r, "neither Switches nor Nodes for",
                      is_block ? e->block_name : e->switch_name);
    if (r->list->n >= CONFIG_GROUPS_MAX)
        return refuse(r, "too many switches at",
                      is_block ? e->block_name : e->switch_name);
    s = switch_list_add(r->list);
    s->line = r->line;
    s->name = is_block ? take(e->block_name) : take(e->switch_name);
    s->switches = take(e->switches);
    s->nodes = take(e->nodes);
    r->n_blocks += is_block;
    return 0;
}

static int take_line(struct switch_list_reader *r, const char *text)
{
    cleanup(entry_fini) struct entry e = {0};
    int rc = 0;
    bool any = false;
    while (rc == 0) {
        text += strspn(text, " \t\r");
        size_t len = strcspn(text, " \t\r");
        if (len == 0)
            break;
        rc = take_word(r, &e, text, len);
        text += len;
        any = true;
    }
    if (rc < 0 || !any)
        return rc;
    if (e.sizes && !e.switch_name && !e.block_name) {
        if (r->block_sizes)
            return refuse(r, "given twice:", "BlockSizes");
        r->block_sizes = take(e.sizes);
        return 0;
    }
    return add_switch(r, &e);
}

/* A line, with those that a backslash at its end adds, without its comment. */
static char *next_line(const char **p, const char *end, unsigned int *lines)
{
    char *text = xstrdup("");
    bool more = true;
    while (more && *p < end) {
        const char *stop = memchr(*p, '\n', (size_t)(end - *p));
        size_t len = (size_t)((stop ? stop : end) - *p);
        cleanup(freep) char *part = xstrndup(*p, len);
        *p += len + (stop != NULL);
        ++*lines;
        part[strcspn(part, "#")] = '\0';
        size_t n = strlen(part);
        while (n > 0 && isspace((unsigned char)part[n - 1]))
            part[--n] = '\0';
        more = n > 0 && part[n - 1] == '\\';
        if (more)
            part[n - 1] = ' ';
        char *longer = xasprintf("%s%s", text, part);
        free(text);
        text = longer;
        if (strlen(text) > LINE_MAX_BYTES)
            more = false;
    }
    return text;
}

static int read_lines(struct switch_list_reader *r, const char *text, size_t len)
{
    const char *p = text, *end = text + len;
    unsigned int lines = 0;
    int rc = 0;
    while (p < end && rc == 0) {
        r->line = lines + 1;
        cleanup(freep) char *line = next_line(&p, end, &lines);
        rc = take_line(r, line);
    }
    if (rc == 0 && r->n_blocks > 0 && r->n_blocks < r->list->n)
        rc = err_set(r->err, EINVAL, "%s: both switches and blocks", r->path);
    if (rc == 0 && r->block_sizes && r->n_blocks == 0)
        rc = err_set(r->err, EINVAL, "%s: BlockSizes without any block", r->path);
    return rc;
}

int topology_conf_parse(const char *path, const char *text, size_t len,
                        struct switch_list *ret, struct err *err)
{
    struct switch_list list = {0};
    struct switch_list_reader r = {.path = path, .list = &list, .err = err};
    int rc = read_lines(&r, text, len);
    if (rc == 0 && r.block_sizes) {
        rc = switch_list_add_blocks(&list, 0, list.n, r.block_sizes, err);
        if (rc < 0)
            err_wrap(err, "%s: BlockSizes", path);
    }
    free(r.block_sizes);
    if (rc < 0)
        switch_list_free(&list);
    else
        *ret = list;
    return rc;
}
