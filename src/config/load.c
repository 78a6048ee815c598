/* SPDX-License-Identifier: Apache-2.0
 *
 * load.c - fill struct config from the tree, key by key, as the schema says
 *
 * What the values mean together is judged by nodes.c and check.c.
 */
#include "config/load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "config/topology_conf.h"
#include "tree/tree.h"

struct loader {
    struct config *config;
    struct node_group *groups;
    size_t n_groups;
    struct switch_list switches;
    size_t first_block, n_blocks; /* among them */
};

int config_refuse(const struct config *config, unsigned int line, struct err *err,
                  const char *fmt, ...)
{
    char words[ERR_TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    if (!line)
        return err_set(err, EINVAL, "%s: %s", config->path, words);
    return err_set(err, EINVAL, "%s:%u: %s", config->path, line, words);
}

/* Every field of 'scope' that has a default gets it. */
static void set_defaults(const char *scope, void *object)
{
    for (size_t i = 0; i < schema_size; i++) {
        const struct schema_key *key = &schema_table[i];

        if (key->preset && schema_in_scope(i, scope))
            BUG_ON(schema_set(key, key->preset, object, NULL) < 0);
    }
}

struct config *config_defaults(void)
{
    struct config *config = xcalloc(1, sizeof(*config));

    config->path = xstrdup("(defaults)");
    config->lines = xcalloc(schema_size, sizeof(*config->lines));
    set_defaults("", config);
    return config;
}

/* The items of a list or map, which must be words, with 'seps' after each in turn. */
static char *join_items(const struct ynode *node, const char *seps)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < node->n_items; i++) {
        if (node->items[i]->kind != YNODE_SCALAR) {
            strbuf_fini(&sb);
            return NULL;
        }
        if (i)
            strbuf_putc(&sb, seps[(i - 1) % strlen(seps)]);
        strbuf_puts(&sb, node->items[i]->text);
    }
    return strbuf_take(&sb);
}

/* {name: gpu, type: a100, count: 4, cores: 0-15, cdi: nvidia.com/gpu} as
 * "gpu:a100:4[0-15]@nvidia.com/gpu"; NULL: it is something else. */
static char *gres_item(const struct ynode *item)
{
    static const char *const keys[] = {"name", "type", "count", "cores", "cdi"};
    const char *parts[ARRAY_SIZE(keys)] = {NULL};

    if (item->kind == YNODE_SCALAR)
        return xstrdup(item->text);
    for (size_t i = 0; item->kind == YNODE_MAP && i + 1 < item->n_items; i += 2) {
        size_t k = 0;

        if (item->items[i]->kind != YNODE_SCALAR ||
            item->items[i + 1]->kind != YNODE_SCALAR)
            return NULL;
        while (k < ARRAY_SIZE(keys) && strcmp(keys[k], item->items[i]->text) != 0)
            k++;
        if (k == ARRAY_SIZE(keys))
            return NULL;
        parts[k] = item->items[i + 1]->text;
    }
    if (!parts[0])
        return NULL;
    return xasprintf("%s%s%s%s%s%s%s%s%s%s", parts[0], parts[1] ? ":" : "",
                     parts[1] ? parts[1] : "", parts[2] ? ":" : "",
                     parts[2] ? parts[2] : "", parts[3] ? "[" : "",
                     parts[3] ? parts[3] : "", parts[3] ? "]" : "", parts[4] ? "@" : "",
                     parts[4] ? parts[4] : "");
}

static char *join_gres(const struct ynode *list)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < list->n_items; i++) {
        cleanup(freep) char *item = gres_item(list->items[i]);

        if (!item) {
            strbuf_fini(&sb);
            return NULL;
        }
        strbuf_printf(&sb, "%s%s", i ? "," : "", item);
    }
    return strbuf_take(&sb);
}

/* Some values may be written as a YAML list or map: its items joined. */
static char *scalar_text(const struct schema_key *key, const struct ynode *node)
{
    if (node->kind == YNODE_SCALAR)
        return xstrdup(node->text);
    if (key->type == SCHEMA_GRES && node->kind == YNODE_LIST)
        return join_gres(node);
    if (key->type == SCHEMA_COUNTS && node->kind == YNODE_MAP)
        return join_items(node, ":,");
    if ((key->type == SCHEMA_HOSTS || key->type == SCHEMA_NAMES ||
         key->type == SCHEMA_PATHS || key->type == SCHEMA_WORDS) &&
        node->kind == YNODE_LIST)
        return join_items(node, ",");
    return NULL;
}

static int load_value(struct loader *ld, const struct schema_key *key,
                      const struct ynode *node, void *object, struct err *err)
{
    cleanup(freep) char *text = scalar_text(key, node);
    struct err why;

    if (!text && key->type == SCHEMA_GRES)
        return config_refuse(ld->config, node->line, err,
                             "%s: each item must be like gpu:a100:4 or have name, "
                             "type, count, cores and cdi",
                             key->path);
    if (!text)
        return config_refuse(ld->config, node->line, err,
                             "%s: must be a single value, not %s", key->path,
                             ynode_kind_name(node));
    if (schema_set(key, text, object, &why) < 0)
        return config_refuse(ld->config, node->line, err, "%s: %s", key->path,
                             why.text);
    return 0;
}

static int load_map(struct loader *ld, const struct ynode *map, const char *prefix,
                    void *object, unsigned int *lines, struct err *err);

static int load_list(struct loader *ld, const struct ynode *list, const char *path,
                     struct err *err);

static int unknown_key(struct loader *ld, const char *prefix, const struct ynode *key,
                       struct err *err)
{
    const char *near = schema_suggest(prefix, key->text);

    if (near)
        return config_refuse(ld->config, key->line, err,
                             "%s%.64s: no such key, did you mean '%s'?", prefix,
                             key->text, near);
    return config_refuse(ld->config, key->line, err, "%s%.64s: no such key", prefix,
                         key->text);
}

/* Has 'key' stood in 'map' before? */
static int check_repeated(struct loader *ld, const struct ynode *map, size_t at,
                          const char *prefix, struct err *err)
{
    const struct ynode *key = map->items[at];

    for (size_t i = 0; i < at; i += 2)
        if (strcmp(map->items[i]->text, key->text) == 0)
            return config_refuse(ld->config, key->line, err,
                                 "%s%s: given twice, first in line %u", prefix,
                                 key->text, map->items[i]->line);
    return 0;
}

static int load_section(struct loader *ld, const struct ynode *node, const char *path,
                        void *object, unsigned int *lines, struct err *err)
{
    cleanup(freep) char *prefix = xasprintf("%s.", path);

    if (node->kind == YNODE_SCALAR && !*node->text)
        return 0;
    if (node->kind != YNODE_MAP)
        return config_refuse(ld->config, node->line, err,
                             "%s: must be a group of keys, not %s", path,
                             ynode_kind_name(node));
    return load_map(ld, node, prefix, object, lines, err);
}

static int load_key(struct loader *ld, const struct ynode *key,
                    const struct ynode *value, const char *prefix, void *object,
                    unsigned int *lines, struct err *err)
{
    cleanup(freep) char *path = NULL;
    size_t i = 0;

    /* A dotted key is no path of ours: sections are groups of keys. */
    if (strpbrk(key->text, ".["))
        return unknown_key(ld, prefix, key, err);
    path = xasprintf("%s%s", prefix, key->text);
    switch (schema_find(path, &i)) {
    case SCHEMA_VALUE:
        lines[i] = key->line;
        return load_value(ld, &schema_table[i], value, object, err);
    case SCHEMA_SECTION:
        return load_section(ld, value, path, object, lines, err);
    case SCHEMA_LIST:
        return load_list(ld, value, path, err);
    case SCHEMA_UNKNOWN:
        break;
    }
    return unknown_key(ld, prefix, key, err);
}

static int load_map(struct loader *ld, const struct ynode *map, const char *prefix,
                    void *object, unsigned int *lines, struct err *err)
{
    for (size_t i = 0; i + 1 < map->n_items; i += 2) {
        const struct ynode *key = map->items[i];
        int r;

        if (key->kind != YNODE_SCALAR)
            return config_refuse(ld->config, key->line, err,
                                 "a key must be a word, not %s", ynode_kind_name(key));
        r = check_repeated(ld, map, i, prefix, err);
        if (r == 0)
            r = load_key(ld, key, map->items[i + 1], prefix, object, lines, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_required(struct loader *ld, const char *scope,
                          const unsigned int *lines, unsigned int line, struct err *err)
{
    for (size_t i = 0; i < schema_size; i++)
        if (schema_table[i].is_required && schema_in_scope(i, scope) && !lines[i])
            return config_refuse(ld->config, line, err, "%s: is missing",
                                 schema_table[i].path);
    return 0;
}

static int load_item(struct loader *ld, const struct ynode *item, const char *scope,
                     void *object, struct err *err)
{
    cleanup(freep) unsigned int *lines = xcalloc(schema_size, sizeof(*lines));
    int r;

    if (item->kind != YNODE_MAP)
        return config_refuse(ld->config, item->line, err,
                             "%.*s: each item must be a group of keys, not %s",
                             (int)strcspn(scope, "["), scope, ynode_kind_name(item));
    set_defaults(scope, object);
    r = load_map(ld, item, scope, object, lines, err);
    if (r < 0)
        return r;
    return check_required(ld, scope, lines, item->line, err);
}

static int load_groups(struct loader *ld, const struct ynode *list, struct err *err)
{
    int r = 0;

    ld->groups = xcalloc(list->n_items, sizeof(*ld->groups));
    for (size_t i = 0; i < list->n_items && r == 0; i++) {
        ld->groups[ld->n_groups++].line = list->items[i]->line;
        r = load_item(ld, list->items[i], "nodes[].", &ld->groups[i], err);
    }
    return r;
}

static int load_partitions(struct loader *ld, const struct ynode *list, struct err *err)
{
    struct config *c = ld->config;
    int r = 0;

    c->partitions = xcalloc(list->n_items, sizeof(*c->partitions));
    for (size_t i = 0; i < list->n_items && r == 0; i++) {
        c->partitions[c->n_partitions++].line = list->items[i]->line;
        r = load_item(ld, list->items[i], "partitions[].", &c->partitions[i], err);
    }
    return r;
}

/* Names differ, and variables have values. */
static int check_libraries(struct loader *ld, const struct config_libraries *set,
                           struct err *err)
{
    cleanup(strv_freep) char **env = set->env ? strv_split(set->env, ",") : NULL;
    const struct config_libraries *first = ld->config->container.libraries;

    for (; first < set; first++)
        if (strcmp(first->name, set->name) == 0)
            return config_refuse(ld->config, set->line, err,
                                 "container.host_libraries[].name: %s is in line %u "
                                 "already",
                                 set->name, first->line);
    if (!set->libraries)
        return config_refuse(ld->config, set->line, err,
                             "container.host_libraries[].libraries: there are none");
    strv_foreach (text, env)
        if (!strchr(*text, '=') || **text == '=')
            return config_refuse(ld->config, set->line, err,
                                 "container.host_libraries[].env: '%.64s' is not "
                                 "NAME=VALUE",
                                 *text);
    return 0;
}

static int load_libraries(struct loader *ld, const struct ynode *list, struct err *err)
{
    struct config *c = ld->config;
    int r = 0;

    c->container.libraries = xcalloc(list->n_items, sizeof(*c->container.libraries));
    for (size_t i = 0; i < list->n_items && r == 0; i++) {
        struct config_libraries *set = &c->container.libraries[i];

        set->line = list->items[i]->line;
        c->container.n_libraries++;
        r = load_item(ld, list->items[i], "container.host_libraries[].", set, err);
        if (r == 0)
            r = check_libraries(ld, set, err);
    }
    return r;
}

static int load_subnets(struct loader *ld, const struct ynode *list, struct err *err)
{
    struct config *c = ld->config;
    int r = 0;

    c->pods.subnets = xcalloc(list->n_items, sizeof(*c->pods.subnets));
    for (size_t i = 0; i < list->n_items && r == 0; i++) {
        c->pods.subnets[c->pods.n_subnets++].line = list->items[i]->line;
        r = load_item(ld, list->items[i], "pods.subnets[].", &c->pods.subnets[i], err);
    }
    return r;
}

/* Switches, groups of a dragonfly and blocks: all are switches for placement. */
static int load_switches(struct loader *ld, const struct ynode *list, const char *path,
                         struct err *err)
{
    cleanup(freep) char *scope = xasprintf("%s[].", path);
    int r = 0;

    if (strcmp(path, "blocks") == 0) {
        ld->first_block = ld->switches.n;
        ld->n_blocks = list->n_items;
    }
    for (size_t i = 0; i < list->n_items && r == 0; i++) {
        struct config_switch *s = switch_list_add(&ld->switches);

        s->line = list->items[i]->line;
        r = load_item(ld, list->items[i], scope, s, err);
    }
    return r;
}

static int load_list(struct loader *ld, const struct ynode *list, const char *path,
                     struct err *err)
{
    bool is_nodes = strcmp(path, "nodes") == 0;
    size_t max = is_nodes ? CONFIG_NODES_MAX : CONFIG_GROUPS_MAX;

    if (list->kind == YNODE_SCALAR && !*list->text)
        return 0;
    if (list->kind != YNODE_LIST)
        return config_refuse(ld->config, list->line, err, "%s: must be a list, not %s",
                             path, ynode_kind_name(list));
    if (list->n_items > max)
        return config_refuse(ld->config, list->line, err, "%s: has more than %zu items",
                             path, max);
    if (is_nodes)
        return load_groups(ld, list, err);
    if (strcmp(path, "partitions") == 0)
        return load_partitions(ld, list, err);
    if (strcmp(path, "container.host_libraries") == 0)
        return load_libraries(ld, list, err);
    if (strcmp(path, "pods.subnets") == 0)
        return load_subnets(ld, list, err);
    return load_switches(ld, list, path, err);
}

static void loader_fini(struct loader *ld)
{
    for (size_t i = 0; i < ld->n_groups; i++) {
        free(ld->groups[i].names);
        free(ld->groups[i].address);
        free(ld->groups[i].topology);
        free(ld->groups[i].features);
        free(ld->groups[i].labels);
        free(ld->groups[i].taints);
        free(ld->groups[i].gres);
    }
    free(ld->groups);
    switch_list_free(&ld->switches);
}

unsigned int config_line_of(const struct config *c, const char *path)
{
    size_t i = 0;

    BUG_ON(schema_find(path, &i) != SCHEMA_VALUE);
    return c->lines[i];
}

static int read_topology_file(struct loader *ld, struct err *err)
{
    struct config *c = ld->config;
    cleanup(freep) char *path = config_beside(c, c->topology_file), *text = NULL;
    unsigned int line = config_line_of(c, "topology_file");
    struct err why;
    size_t len;
    int r = io_read_file(path, CONFIG_BYTES_MAX, &text, &len, &why);

    if (r == 0)
        r = topology_conf_parse(path, text, len, &ld->switches, &why);
    if (r < 0)
        return config_refuse(c, line, err, "topology_file: %s", why.text);
    for (size_t i = 0; i < ld->switches.n; i++)
        ld->switches.at[i].line = line;
    return 0;
}

/* Groups of blocks, the file of another, and what the switches are in the end. */
static int finish_switches(struct loader *ld, struct err *err)
{
    struct config *c = ld->config;
    struct err why;
    int r = 0;

    if (c->topology_file && ld->switches.n == 0)
        r = read_topology_file(ld, err);
    if (r == 0 && ld->n_blocks > 0 && c->block_sizes &&
        switch_list_add_blocks(&ld->switches, ld->first_block, ld->n_blocks,
                               c->block_sizes, &why) < 0)
        r = config_refuse(c, config_line_of(c, "block_sizes"), err, "block_sizes: %s",
                          why.text);
    c->switches = ld->switches.at;
    c->n_switches = ld->switches.n;
    ld->switches = (struct switch_list){0};
    return r;
}

static int load_tree(struct loader *ld, const struct ytree *tree, bool with_nodes,
                     struct err *err)
{
    struct config *c = ld->config;
    int r;

    if (!tree->root || tree->root->kind != YNODE_MAP)
        return config_refuse(
            c, tree->root ? tree->root->line : 1, err,
            "must be a group of keys (cluster: ..., nodes: ...), not %s",
            tree->root ? ynode_kind_name(tree->root) : "an empty file");
    r = load_map(ld, tree->root, "", c, c->lines, err);
    if (r == 0)
        r = finish_switches(ld, err);
    if (r == 0)
        r = config_check_values(c, err);
    if (r < 0 || !with_nodes)
        return r;
    r = config_expand_nodes(c, ld->groups, ld->n_groups, err);
    if (r == 0)
        r = config_check_partitions(c, err);
    if (r == 0)
        r = config_check_switches(c, err);
    if (r == 0)
        r = config_check_pods(c, err);
    return r;
}

static int parse(const char *path, const char *text, size_t len, bool with_nodes,
                 struct config **ret, struct err *err)
{
    cleanup(config_freep) struct config *config = config_defaults();
    cleanup(yaml_tree_freep) struct ytree *tree = NULL;
    struct loader ld = {.config = config};
    int r = yaml_tree_parse(path, text, len, &tree, err);

    if (r < 0)
        return r;
    str_replace(&config->path, path);
    r = load_tree(&ld, tree, with_nodes, err);
    loader_fini(&ld);
    if (r < 0)
        return r;
    *ret = take(config);
    return 0;
}

int config_parse(const char *path, const char *text, size_t len, struct config **ret,
                 struct err *err)
{
    return parse(path, text, len, true, ret, err);
}

static int load(const char *path, bool with_nodes, struct config **ret, struct err *err)
{
    cleanup(freep) char *text = NULL;
    size_t len;
    int r = io_read_file(path, CONFIG_BYTES_MAX, &text, &len, err);

    return r < 0 ? r : parse(path, text, len, with_nodes, ret, err);
}

int config_load(const char *path, struct config **ret, struct err *err)
{
    return load(path, true, ret, err);
}

int config_load_settings(const char *path, struct config **ret, struct err *err)
{
    return load(path, false, ret, err);
}
