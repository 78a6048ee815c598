/* SPDX-License-Identifier: Apache-2.0
 *
 * feature_choices.c - which nodes a feature expression leaves, and in how many ways
 *
 * A plain part is a set of nodes. Counts and brackets make alternatives of a set
 * and quotas: '|' lists those of both sides, '&' pairs each of one side with each
 * of the other, sets meeting and quotas adding up.
 */
#include "spec/feature_spec.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "spec/feature_expr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ sets */

static size_t nwords(const struct bitset *set)
{
    return (set->nbits + 63) / 64;
}

static void meet(struct bitset *to, const struct bitset *with)
{
    for (size_t i = 0; i < nwords(to); i++)
        to->words[i] &= with->words[i];
}

static void unite(struct bitset *to, const struct bitset *with)
{
    for (size_t i = 0; i < nwords(to); i++)
        to->words[i] |= with->words[i];
}

static struct bitset *all_of(size_t nbits)
{
    struct bitset *set = bitset_create(nbits);

    bitset_set_range(set, 0, nbits);
    return set;
}

static void complement(struct bitset *set)
{
    cleanup(bitset_destroyp) struct bitset *all = all_of(set->nbits);

    for (size_t i = 0; i < nwords(set); i++)
        set->words[i] = all->words[i] & ~set->words[i];
}

static int find(const struct feature_table *table, const char *name,
                struct bitset **ret, struct err *err)
{
    const char *near;

    for (size_t i = 0; i < table->n; i++) {
        if (strcmp(table->names[i], name) == 0) {
            *ret = bitset_dup(table->sets[i]);
            return 0;
        }
    }
    near = nearest_name(name, table->names, table->n);
    if (near)
        return err_set(err, ENOENT,
                       "no node has the feature '%.80s': did you mean '%s'?", name,
                       near);
    return err_set(err, ENOENT, "no node has the feature '%.80s'", name);
}

/* The set of a plain expression. */
static int set_of(const struct feature_expr *e, const struct feature_table *table,
                  struct bitset **ret, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *left = NULL;
    cleanup(bitset_destroyp) struct bitset *right = NULL;
    int rc;

    if (e->op == FEATURE_NAME)
        return find(table, e->name, ret, err);
    rc = set_of(e->left, table, &left, err);
    if (rc == 0 && e->right)
        rc = set_of(e->right, table, &right, err);
    if (rc)
        return rc;
    if (e->op == FEATURE_NOT)
        complement(left);
    else if (e->op == FEATURE_AND)
        meet(left, right);
    else
        unite(left, right);
    *ret = take(left);
    return 0;
}

/* ------------------------------------------------------------------ choices */

static void choice_fini(struct feature_choice *choice)
{
    bitset_destroy(choice->nodes);
    for (size_t i = 0; i < choice->n_quotas; i++)
        bitset_destroy(choice->quotas[i].nodes);
    free(choice->quotas);
}

void feature_choices_fini(struct feature_choices *choices)
{
    for (size_t i = 0; i < choices->n; i++)
        choice_fini(&choices->choices[i]);
    free(choices->choices);
    *choices = (struct feature_choices){0};
}

static struct feature_choice *add_choice(struct feature_choices *to,
                                         struct bitset *nodes)
{
    to->choices = xrealloc(to->choices, to->n + 1, sizeof(*to->choices));
    to->choices[to->n] = (struct feature_choice){.nodes = nodes};
    return &to->choices[to->n++];
}

static void add_quotas(struct feature_choice *to, const struct feature_choice *from)
{
    to->quotas =
        xrealloc(to->quotas, to->n_quotas + from->n_quotas + 1, sizeof(*to->quotas));
    for (size_t i = 0; i < from->n_quotas; i++)
        to->quotas[to->n_quotas++] = (struct feature_quota){
            bitset_dup(from->quotas[i].nodes), from->quotas[i].count};
}

/* Each of 'a' with each of 'b'. */
static void pair(const struct feature_choices *a, const struct feature_choices *b,
                 struct feature_choices *ret)
{
    for (size_t i = 0; i < a->n; i++) {
        for (size_t j = 0; j < b->n; j++) {
            struct feature_choice *choice =
                add_choice(ret, bitset_dup(a->choices[i].nodes));

            meet(choice->nodes, b->choices[j].nodes);
            add_quotas(choice, &a->choices[i]);
            add_quotas(choice, &b->choices[j]);
        }
    }
}

/* Move all of 'from' behind those of 'to'. */
static void append(struct feature_choices *to, struct feature_choices *from)
{
    to->choices = xrealloc(to->choices, to->n + from->n, sizeof(*to->choices));
    memcpy(&to->choices[to->n], from->choices, from->n * sizeof(*from->choices));
    to->n += from->n;
    from->n = 0;
}

static int plain_choice(const struct feature_expr *e, const struct feature_table *table,
                        struct feature_choices *ret, struct err *err)
{
    struct bitset *nodes;
    int rc = set_of(e, table, &nodes, err);

    if (rc == 0)
        (void)add_choice(ret, nodes);
    return rc;
}

static int counted_choice(const struct feature_expr *e,
                          const struct feature_table *table,
                          struct feature_choices *ret, struct err *err)
{
    struct feature_choice *choice;
    struct bitset *nodes;
    int rc = set_of(e->left, table, &nodes, err);

    if (rc)
        return rc;
    choice = add_choice(ret, all_of(table->n_nodes));
    choice->quotas = xcalloc(1, sizeof(*choice->quotas));
    choice->quotas[0] = (struct feature_quota){nodes, e->count};
    choice->n_quotas = 1;
    return 0;
}

static int choices_of(const struct feature_expr *e, bool apart,
                      const struct feature_table *table, struct feature_choices *ret,
                      struct err *err);

/* Both sides of '&' or '|'. */
static int both_choices(const struct feature_expr *e, bool apart,
                        const struct feature_table *table, struct feature_choices *ret,
                        struct err *err)
{
    cleanup(feature_choices_fini) struct feature_choices left = {0};
    cleanup(feature_choices_fini) struct feature_choices right = {0};
    int rc = choices_of(e->left, apart, table, &left, err);

    if (rc == 0)
        rc = choices_of(e->right, apart, table, &right, err);
    if (rc)
        return rc;
    if (e->op == FEATURE_AND) {
        pair(&left, &right, ret);
        return 0;
    }
    append(ret, &left);
    append(ret, &right);
    return 0;
}

/* Add the alternatives of 'e' to 'ret'. 'apart': inside brackets, where each side
 * of '|' is one of its own. */
static int choices_of(const struct feature_expr *e, bool apart,
                      const struct feature_table *table, struct feature_choices *ret,
                      struct err *err)
{
    if (e->op == FEATURE_BRACKETS)
        return choices_of(e->left, true, table, ret, err);
    if (e->op == FEATURE_COUNTED)
        return counted_choice(e, table, ret, err);
    if (e->is_plain && !(apart && e->op == FEATURE_OR))
        return plain_choice(e, table, ret, err);
    return both_choices(e, apart && e->op == FEATURE_OR, table, ret, err);
}

int feature_spec_choices(const struct feature_spec *spec,
                         const struct feature_table *table, struct feature_choices *ret,
                         struct err *err)
{
    cleanup(feature_choices_fini) struct feature_choices choices = {0};
    int rc = choices_of(spec->root, false, table, &choices, err);

    if (rc)
        return rc;
    *ret = choices;
    choices = (struct feature_choices){0};
    return 0;
}
