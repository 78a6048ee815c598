/* SPDX-License-Identifier: Apache-2.0
 *
 * json_tree.c - build the tree from what jansson read
 */
#include "tree/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>

#include "base/mem.h"

static void release_json(json_t **json)
{
    json_decref(*json);
}

static char *text_of(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        return xstrdup(json_string_value(json));
    case JSON_INTEGER:
        return xasprintf("%" PRId64, (int64_t)json_integer_value(json));
    case JSON_REAL:
        return xasprintf("%.17g", json_real_value(json));
    case JSON_TRUE:
        return xstrdup("true");
    case JSON_FALSE:
        return xstrdup("false");
    case JSON_NULL:
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return xstrdup("");
}

static struct ynode *add_text(struct ytree *tree, char *text)
{
    struct ynode *node = ytree_new_node(tree, YNODE_SCALAR, 0);

    node->text = text;
    return node;
}

/* NULL: nested deeper than 'depth'. */
static struct ynode *convert(struct ytree *tree, json_t *json, unsigned int depth)
{
    struct ynode *node, *below;
    const char *key;
    json_t *value;
    size_t i;

    if (!json_is_object(json) && !json_is_array(json))
        return add_text(tree, text_of(json));
    if (!depth)
        return NULL;
    node = ytree_new_node(tree, json_is_object(json) ? YNODE_MAP : YNODE_LIST, 0);
    json_array_foreach(json, i, value)
    {
        if (!(below = convert(tree, value, depth - 1)))
            return NULL;
        ynode_append(node, below);
    }
    json_object_foreach(json, key, value)
    {
        if (json_is_null(value))
            continue;
        if (!(below = convert(tree, value, depth - 1)))
            return NULL;
        ynode_append(node, add_text(tree, xstrdup(key)));
        ynode_append(node, below);
    }
    return node;
}

int json_tree_parse(const char *name, const char *text, size_t len, struct ytree **ret,
                    struct err *err)
{
    cleanup(yaml_tree_freep) struct ytree *tree = xcalloc(1, sizeof(*tree));
    cleanup(release_json) json_t *json = NULL;
    json_error_t why;

    json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (!json)
        return err_set(err, EINVAL, "%s:%d: not valid JSON: %s", name, why.line,
                       why.text);
    tree->root = convert(tree, json, YAML_DEPTH_MAX);
    if (!tree->root)
        return err_set(err, EINVAL, "%s: nested too deep", name);
    *ret = take(tree);
    return 0;
}
