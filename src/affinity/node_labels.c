/* SPDX-License-Identifier: Apache-2.0
 *
 * node_labels.c - labels and taints of nodes
 */
#include "affinity/node_labels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"

static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute"};

struct node_labels *node_labels_create(const char *const *names, size_t n_nodes)
{
    struct node_labels *labels = xcalloc(1, sizeof(*labels));

    labels->names = names;
    labels->n_nodes = n_nodes;
    return labels;
}

void node_labels_destroy(struct node_labels *labels)
{
    if (!labels)
        return;
    for (size_t i = 0; i < labels->n_labels; i++) {
        free(labels->labels[i].key);
        free(labels->labels[i].value);
        bitset_destroy(labels->labels[i].nodes);
    }
    for (size_t i = 0; i < labels->n_taints; i++) {
        free(labels->taints[i].key);
        free(labels->taints[i].value);
        free(labels->taints[i].effect);
        bitset_destroy(labels->taints[i].nodes);
    }
    free(labels->labels);
    free(labels->taints);
    free(labels);
}

/* ------------------------------------------------------------------ labels */

static struct node_label *find_label(struct node_labels *labels, const char *key,
                                     const char *value)
{
    struct node_label *label;

    for (size_t i = 0; i < labels->n_labels; i++) {
        label = &labels->labels[i];
        if (strcmp(label->key, key) == 0 && strcmp(label->value, value) == 0)
            return label;
    }
    labels->labels =
        xrealloc(labels->labels, labels->n_labels + 1, sizeof(*labels->labels));
    label = &labels->labels[labels->n_labels++];
    *label = (struct node_label){.key = xstrdup(key),
                                 .value = xstrdup(value),
                                 .nodes = bitset_create(labels->n_nodes)};
    return label;
}

void node_labels_set(struct node_labels *labels, uint32_t node, const char *key,
                     const char *value)
{
    struct node_label *label = find_label(labels, key, value);

    for (size_t i = 0; i < labels->n_labels; i++)
        if (strcmp(labels->labels[i].key, key) == 0)
            bitset_clear(labels->labels[i].nodes, node);
    bitset_set(label->nodes, node);
}

int node_labels_read(struct node_labels *labels, uint32_t node, const char *text,
                     struct err *err)
{
    cleanup(strv_freep) char **items = text ? strv_split(text, ",") : NULL;

    strv_foreach (item, items) {
        char *value = strchr(*item, '=');

        if (**item == '\0')
            continue;
        if (value)
            *value++ = '\0';
        if (**item == '\0' || strcmp(*item, LABEL_HOSTNAME) == 0)
            return err_set(err, EINVAL, "labels: '%.60s' cannot be set here", text);
        node_labels_set(labels, node, *item, value ? value : "");
    }
    return 0;
}

static void add_pair(char ***list, const char *key, const char *value)
{
    cleanup(freep) char *pair = xasprintf("%s=%s", key, value);

    strv_add(list, pair);
}

char **node_labels_list(const struct node_labels *labels, uint32_t node)
{
    char **list = NULL;

    add_pair(&list, LABEL_HOSTNAME, labels->names[node]);
    for (size_t i = 0; i < labels->n_labels; i++)
        if (bitset_test(labels->labels[i].nodes, node))
            add_pair(&list, labels->labels[i].key, labels->labels[i].value);
    return list;
}

uint32_t *node_domains(const struct node_labels *labels, const char *key)
{
    uint32_t *domains = xcalloc(labels->n_nodes + 1, sizeof(*domains));
    bool by_name = strcmp(key, LABEL_HOSTNAME) == 0;

    for (uint32_t i = 0; i < labels->n_nodes; i++)
        domains[i] = by_name ? i : UINT32_MAX;
    for (uint32_t k = 0; k < labels->n_labels && !by_name; k++) {
        const struct node_label *label = &labels->labels[k];

        if (strcmp(label->key, key) != 0)
            continue;
        for (size_t i = bitset_next(label->nodes, 0); i < labels->n_nodes;
             i = bitset_next(label->nodes, i + 1))
            domains[i] = k;
    }
    return domains;
}

/* ------------------------------------------------------------------ taints */

static struct node_taint *find_taint(struct node_labels *labels, const char *key,
                                     const char *value, const char *effect,
                                     bool is_passing)
{
    struct node_taint *taint;

    for (size_t i = 0; i < labels->n_taints; i++) {
        taint = &labels->taints[i];
        if (strcmp(taint->key, key) == 0 && strcmp(taint->value, value) == 0 &&
            strcmp(taint->effect, effect) == 0 && taint->is_passing == is_passing)
            return taint;
    }
    labels->taints =
        xrealloc(labels->taints, labels->n_taints + 1, sizeof(*labels->taints));
    taint = &labels->taints[labels->n_taints++];
    *taint = (struct node_taint){.key = xstrdup(key),
                                 .value = xstrdup(value),
                                 .effect = xstrdup(effect),
                                 .is_passing = is_passing,
                                 .nodes = bitset_create(labels->n_nodes)};
    return taint;
}

static int check_effect(const char *item, const char *effect, struct err *err)
{
    const char *near;

    for (size_t i = 0; i < ARRAY_SIZE(effects); i++)
        if (strcmp(effects[i], effect) == 0)
            return 0;
    near = nearest_name(effect, effects, ARRAY_SIZE(effects));
    return err_set(err, EINVAL, "taints: '%.60s' has no effect that is known%s%s%s",
                   item, near ? "; did you mean '" : "", near ? near : "",
                   near ? "'?" : "");
}

int taint_parse(const char *words, struct taint_words *ret, struct err *err)
{
    const char *effect = strrchr(words, ':'), *equal;
    int rc;

    if (!effect || effect == words || *words == '=')
        return err_set(err, EINVAL, "taints: '%.60s' is not KEY=VALUE:EFFECT", words);
    rc = check_effect(words, effect + 1, err);
    if (rc)
        return rc;
    equal = memchr(words, '=', (size_t)(effect - words));
    ret->key = xstrndup(words, (size_t)((equal ? equal : effect) - words));
    ret->value =
        equal ? xstrndup(equal + 1, (size_t)(effect - equal - 1)) : xstrdup("");
    ret->effect = xstrdup(effect + 1);
    return 0;
}

void taint_words_fini(struct taint_words *taint)
{
    free(taint->key);
    free(taint->value);
    free(taint->effect);
}

static int read_taint(struct node_labels *labels, const char *words, bool is_passing,
                      struct node_taint **ret, struct err *err)
{
    cleanup(taint_words_fini) struct taint_words taint = {0};
    int rc = taint_parse(words, &taint, err);

    if (rc == 0)
        *ret = find_taint(labels, taint.key, taint.value, taint.effect, is_passing);
    return rc;
}

int node_taints_read(struct node_labels *labels, uint32_t node, const char *text,
                     struct err *err)
{
    cleanup(strv_freep) char **items = text ? strv_split(text, ",") : NULL;

    strv_foreach (item, items) {
        struct node_taint *taint;
        int rc = **item ? read_taint(labels, *item, false, &taint, err) : 0;

        if (rc)
            return rc;
        if (**item)
            bitset_set(taint->nodes, node);
    }
    return 0;
}

int node_taint_set(struct node_labels *labels, uint32_t node, const char *words,
                   bool on, struct err *err)
{
    struct node_taint *taint;
    int rc = read_taint(labels, words, true, &taint, err);

    if (rc)
        return rc;
    if (bitset_test(taint->nodes, node) == on)
        return err_set(err, on ? EEXIST : ENOENT, "node %s has %staint %.80s",
                       labels->names[node], on ? "already the " : "no ", words);
    if (on)
        bitset_set(taint->nodes, node);
    else
        bitset_clear(taint->nodes, node);
    return 0;
}

char **node_taints_list(const struct node_labels *labels, uint32_t node)
{
    char **list = NULL;

    for (size_t i = 0; i < labels->n_taints; i++) {
        const struct node_taint *taint = &labels->taints[i];
        cleanup(freep) char *words = NULL;

        if (!bitset_test(taint->nodes, node))
            continue;
        words = xasprintf("%s%s%s:%s", taint->key, *taint->value ? "=" : "",
                          taint->value, taint->effect);
        strv_add(&list, words);
    }
    return list;
}
