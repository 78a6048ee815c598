/* SPDX-License-Identifier: Apache-2.0
 *
 * walk.c - maps, lists and texts of a document, with words that say where
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "cdi/cdi.h"
#include "cdi/walk.h"

#define TEXT_MAX 4095
#define KEYS_MAX 32

int walk_refuse(struct walk *walk, const struct ynode *node, const char *fmt, ...)
{
    const char *colon = walk->len ? ": " : "";
    char words[256];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    if (node && node->line)
        return err_set(walk->err, EINVAL, "%s:%u: %s%s%s", walk->file, node->line,
                       walk->path, colon, words);
    return err_set(walk->err, EINVAL, "%s: %s%s%s", walk->file, walk->path, colon,
                   words);
}

/* Go down; what does not fit is only not named. Returns what walk_leave needs. */
static size_t enter(struct walk *walk, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static size_t enter(struct walk *walk, const char *fmt, ...)
{
    size_t was = walk->len, room = sizeof(walk->path) - was;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(walk->path + was, room, fmt, ap);
    va_end(ap);
    if (n > 0)
        walk->len += (size_t)n < room ? (size_t)n : room - 1;
    return was;
}

static void leave(struct walk *walk, size_t was)
{
    walk->len = was;
    walk->path[was] = '\0';
}

static int unknown_key(struct walk *walk, const struct ynode *key,
                       const struct field *fields, size_t n)
{
    const char *names[KEYS_MAX];
    const char *near;

    for (size_t i = 0; i < n; i++)
        names[i] = fields[i].name;
    near = nearest_name(key->text, names, n);
    return walk_refuse(walk, key, "there is no '%.40s' here%s%s%s", key->text,
                       near ? ", did you mean '" : "", near ? near : "",
                       near ? "'?" : "");
}

static int read_field(struct walk *walk, const struct ynode *key,
                      const struct ynode *value, const struct field *field, void *into)
{
    size_t was = enter(walk, "%s%s", walk->len ? "." : "", field->name);
    int rc = field->read(walk, value, (char *)into + field->offset);

    (void)key;
    if (rc == 0)
        leave(walk, was);
    return rc;
}

static int check_required(struct walk *walk, const struct ynode *node,
                          const struct field *fields, size_t n, uint32_t seen)
{
    for (size_t i = 0; i < n; i++)
        if (fields[i].is_required && !(seen & 1U << i))
            return walk_refuse(walk, node, "'%s' is missing", fields[i].name);
    return 0;
}

int walk_map(struct walk *walk, const struct ynode *node, const struct field *fields,
             size_t n, void *into)
{
    uint32_t seen = 0;

    BUG_ON(n > KEYS_MAX);
    if (node->kind != YNODE_MAP)
        return walk_refuse(walk, node, "is %s, not a group of keys",
                           ynode_kind_name(node));
    for (size_t i = 0; i + 1 < node->n_items; i += 2) {
        const struct ynode *key = node->items[i];
        size_t f = 0;
        int rc;

        if (key->kind != YNODE_SCALAR)
            return walk_refuse(walk, key, "a key is %s", ynode_kind_name(key));
        while (f < n && strcmp(fields[f].name, key->text) != 0)
            f++;
        if (f == n)
            return unknown_key(walk, key, fields, n);
        if (seen & 1U << f)
            return walk_refuse(walk, key, "'%s' stands here twice", key->text);
        seen |= 1U << f;
        rc = read_field(walk, key, node->items[i + 1], &fields[f], into);
        if (rc)
            return rc;
    }
    return check_required(walk, node, fields, n, seen);
}

static int check_list(struct walk *walk, const struct ynode *node, size_t max)
{
    if (node->kind != YNODE_LIST)
        return walk_refuse(walk, node, "is %s, not a list", ynode_kind_name(node));
    if (node->n_items > max)
        return walk_refuse(walk, node, "has more than %zu items", max);
    return 0;
}

int walk_list(struct walk *walk, const struct ynode *node, size_t max, size_t size,
              read_fn *read, void **items, size_t *n)
{
    int rc = check_list(walk, node, max);

    if (rc || !node->n_items)
        return rc;
    *items = xcalloc(node->n_items, size);
    for (size_t i = 0; i < node->n_items; i++) {
        size_t was = enter(walk, "[%zu]", i);

        *n = i + 1;
        rc = read(walk, node->items[i], (char *)*items + i * size);
        if (rc)
            return rc;
        leave(walk, was);
    }
    return 0;
}

int walk_text(struct walk *walk, const struct ynode *node, void *into)
{
    char **text = into;

    if (node->kind != YNODE_SCALAR)
        return walk_refuse(walk, node, "is %s, not a text", ynode_kind_name(node));
    if (!node->text[0])
        return walk_refuse(walk, node, "is empty");
    if (strlen(node->text) > TEXT_MAX)
        return walk_refuse(walk, node, "is longer than %d bytes", TEXT_MAX);
    free(*text);
    *text = xstrdup(node->text);
    return 0;
}

int walk_path(struct walk *walk, const struct ynode *node, void *into)
{
    char **text = into;
    int rc = walk_text(walk, node, into);

    if (!rc && (*text)[0] != '/')
        rc = walk_refuse(walk, node, "'%.80s' is no absolute path", *text);
    return rc;
}

static int read_texts(struct walk *walk, const struct ynode *node, bool is_env,
                      char ***ret)
{
    int rc = check_list(walk, node, CDI_ITEMS_MAX);
    void *items = NULL;
    size_t n = 0;
    char **texts;

    if (rc)
        return rc;
    rc = walk_list(walk, node, CDI_ITEMS_MAX, sizeof(char *), walk_text, &items, &n);
    texts = xrealloc(items, n + 1, sizeof(char *));
    texts[n] = NULL;
    strv_free(*ret);
    *ret = texts;
    for (size_t i = 0; is_env && !rc && i < n; i++)
        if (texts[i][0] == '=' || !strchr(texts[i], '='))
            rc = walk_refuse(walk, node->items[i], "'%.80s' is not NAME=VALUE",
                             texts[i]);
    return rc;
}

int walk_texts(struct walk *walk, const struct ynode *node, void *into)
{
    return read_texts(walk, node, false, into);
}

int walk_env(struct walk *walk, const struct ynode *node, void *into)
{
    return read_texts(walk, node, true, into);
}

int walk_number(struct walk *walk, const struct ynode *node, void *into)
{
    uint32_t *number = into;
    unsigned long long value;
    char *end;

    if (node->kind != YNODE_SCALAR)
        return walk_refuse(walk, node, "is %s, not a number", ynode_kind_name(node));
    errno = 0;
    value = strtoull(node->text, &end, 0);
    if (node->text[0] < '0' || node->text[0] > '9' || *end || errno ||
        value > UINT32_MAX)
        return walk_refuse(walk, node, "'%.40s' is no number", node->text);
    *number = (uint32_t)value;
    return 0;
}

int walk_anything(struct walk *walk, const struct ynode *node, void *into)
{
    (void)walk;
    (void)node;
    (void)into;
    return 0;
}
