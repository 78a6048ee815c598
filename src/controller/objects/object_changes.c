/* SPDX-License-Identifier: Apache-2.0
 *
 * object_changes.c - compare two manifests of one object
 */
#include "controller/objects/object_changes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define PATH_MAX_BYTES 512
#define ROWS 12
/* What a pod was queued with. */
#define SCHEDULED_BY "metadata.annotations.berth/"

enum freedom {
    FREE,    /* may be changed */
    FROZEN,  /* may not */
    WAITING, /* as long as it has not begun */
    FEWER,   /* a list that may lose items */
    SEALED,  /* frozen once the object says that it is immutable */
};

/* Of the rules that fit, the first counts; what none is about is free. */
struct change_rule {
    const char *path; /* and all below it, or, with "/" at its end, that begins so;
                         "[]" is any item */
    enum freedom freedom;
};

static const struct {
    const char *kind;
    struct change_rule rules[ROWS];
} kinds[] = {
    {"Pod",
     {{SCHEDULED_BY, FROZEN},
      {"spec.schedulingGates", FEWER},
      {"spec.containers[].image", WAITING},
      {"spec.initContainers[].image", WAITING},
      {"spec", FROZEN}}},
    {"Job",
     {{SCHEDULED_BY, FROZEN},
      {"spec.completionMode", FROZEN},
      {"spec.template", FROZEN},
      {"spec.selector", FROZEN},
      {"spec.manualSelector", FROZEN},
      {"spec.podFailurePolicy", FROZEN},
      {"spec.successPolicy", FROZEN},
      {"spec.backoffLimitPerIndex", FROZEN},
      {"spec.maxFailedIndexes", FROZEN},
      {"spec.podReplacementPolicy", FROZEN},
      {"spec.completions", WAITING}}},
    {"ConfigMap", {{"data", SEALED}, {"binaryData", SEALED}, {"immutable", SEALED}}},
    {"Secret",
     {{"type", FROZEN},
      {"data", SEALED},
      {"stringData", SEALED},
      {"immutable", SEALED}}},
    {"PersistentVolume",
     {{"spec.hostPath", FROZEN},
      {"spec.local", FROZEN},
      {"spec.nfs", FROZEN},
      {"spec.nodeAffinity", FROZEN}}},
    {"PersistentVolumeClaim", {{"spec.resources", FREE}, {"spec", FROZEN}}},
};

struct comparison {
    const struct change_rule *rules;
    bool has_begun, is_sealed, differs;
    int rc;
    struct err *err;
};

/* Where they are: as it is told, and with "[]" for any item. */
struct place {
    char told[PATH_MAX_BYTES], any[PATH_MAX_BYTES];
};

static bool is_at_or_below(const char *path, const char *rule)
{
    size_t len = strlen(rule);

    return strncmp(path, rule, len) == 0 &&
           (!path[len] || path[len] == '.' || path[len] == '[' || rule[len - 1] == '/');
}

static enum freedom freedom_at(const struct comparison *c, const char *path)
{
    for (size_t i = 0; c->rules && i < ROWS && c->rules[i].path; i++)
        if (is_at_or_below(path, c->rules[i].path))
            return c->rules[i].freedom;
    return FREE;
}

static void refuse(struct comparison *c, const struct place *at, const char *why)
{
    if (c->rc == 0)
        c->rc =
            err_set(c->err, EINVAL, "%.200s: it cannot be changed%s", at->told, why);
}

static size_t n_items(const struct node *node)
{
    return node ? node->n_items : 0;
}

static void note(struct comparison *c, const struct place *at, const struct node *was,
                 const struct node *now)
{
    c->differs = true;
    switch (freedom_at(c, at->any)) {
    case FREE:
        break;
    case FROZEN:
        refuse(c, at, ": delete the object and make it again");
        break;
    case WAITING:
        if (c->has_begun)
            refuse(c, at, " any more: it has begun");
        break;
    case FEWER:
        if (n_items(now) >= n_items(was))
            refuse(c, at, ", only be made shorter");
        break;
    case SEALED:
        if (c->is_sealed)
            refuse(c, at, ": the object is immutable");
        break;
    }
}

static bool is_same_scalar(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == NODE_BOOL)
        return a->truth == b->truth;
    if (a->kind == NODE_INT)
        return a->number == b->number;
    return a->kind == NODE_NULL ||
           strcmp(a->text ? a->text : "", b->text ? b->text : "") == 0;
}

static void compare(struct comparison *c, const struct place *at,
                    const struct node *was, const struct node *now);

static void go_to_key(const struct place *at, const char *key, struct place *ret)
{
    const char *dot = *at->told ? "." : "";

    (void)snprintf(ret->told, sizeof(ret->told), "%.400s%s%.100s", at->told, dot, key);
    (void)snprintf(ret->any, sizeof(ret->any), "%.400s%s%.100s", at->any, dot, key);
}

/* NULL is a map without keys. */
static void compare_maps(struct comparison *c, const struct place *at,
                         const struct node *was, const struct node *now)
{
    struct place there;

    for (size_t i = 0; i + 1 < n_items(was); i += 2) {
        const char *key = was->items[i]->text;

        go_to_key(at, key, &there);
        compare(c, &there, was->items[i + 1], node_get(now, key));
    }
    for (size_t i = 0; i + 1 < n_items(now); i += 2) {
        const char *key = now->items[i]->text;

        go_to_key(at, key, &there);
        if (!node_get(was, key))
            compare(c, &there, NULL, now->items[i + 1]);
    }
}

static void compare_lists(struct comparison *c, const struct place *at,
                          const struct node *was, const struct node *now)
{
    struct place there;

    if (was->n_items != now->n_items || freedom_at(c, at->any) == FEWER) {
        bool is_same = was->n_items == now->n_items;

        for (size_t i = 0; is_same && i < was->n_items; i++) {
            struct comparison inner = {.rules = NULL};

            compare(&inner, at, was->items[i], now->items[i]);
            is_same = !inner.differs;
        }
        if (!is_same)
            note(c, at, was, now);
        return;
    }
    for (size_t i = 0; i < was->n_items; i++) {
        (void)snprintf(there.told, sizeof(there.told), "%.400s[%zu]", at->told, i);
        (void)snprintf(there.any, sizeof(there.any), "%.400s[]", at->any);
        compare(c, &there, was->items[i], now->items[i]);
    }
}

static bool is_map(const struct node *node)
{
    return node && node->kind == NODE_MAP;
}

static void compare(struct comparison *c, const struct place *at,
                    const struct node *was, const struct node *now)
{
    if (node_is_nothing(was) && node_is_nothing(now))
        return;
    if ((is_map(was) && node_is_nothing(now)) || (is_map(now) && node_is_nothing(was)))
        compare_maps(c, at, is_map(was) ? was : NULL, is_map(now) ? now : NULL);
    else if (!was || !now || was->kind != now->kind)
        note(c, at, was, now);
    else if (was->kind == NODE_MAP)
        compare_maps(c, at, was, now);
    else if (was->kind == NODE_LIST)
        compare_lists(c, at, was, now);
    else if (!is_same_scalar(was, now))
        note(c, at, was, now);
}

static bool is_immutable(const struct node *root)
{
    const struct node *said = node_get(root, "immutable");

    return said && said->kind == NODE_BOOL && said->truth;
}

int object_change_check(const char *kind, const struct node *was,
                        const struct node *now, bool has_begun, bool *ret_differs,
                        struct err *err)
{
    struct comparison c = {
        .has_begun = has_begun, .is_sealed = is_immutable(was), .err = err};
    struct place root = {.told = "", .any = ""};

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            c.rules = kinds[i].rules;
    compare(&c, &root, was, now);
    *ret_differs = c.differs;
    return c.rc;
}
