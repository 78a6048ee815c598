/* SPDX-License-Identifier: Apache-2.0
 *
 * claim_bind.c - compare claims with volumes
 */
#include "controller/pods/claim_bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "objects/find.h"

static const struct quantity *storage(const mf_amounts *amounts)
{
    static const struct quantity nothing;
    const struct quantity *found = amount_find(amounts, "storage");

    return found ? found : &nothing;
}

static bool has_mode(const mf_choices *access, int mode)
{
    for (size_t i = 0; i < access->n; i++)
        if (access->items[i] == mode)
            return true;
    return false;
}

static bool has_modes(const mf_choices *offered, const mf_choices *wanted)
{
    for (size_t i = 0; i < wanted->n; i++)
        if (!has_mode(offered, wanted->items[i]))
            return false;
    return true;
}

bool claim_is_of_one_node(const mf_choices *access)
{
    return has_mode(access, MF_READ_WRITE_ONCE) &&
           !has_mode(access, MF_READ_WRITE_MANY) &&
           !has_mode(access, MF_READ_ONLY_MANY);
}

bool claim_is_of_one_pod(const mf_choices *access)
{
    return has_mode(access, MF_READ_WRITE_POD);
}

/* ------------------------------------------------------------------ labels */

static const char *label(const mf_pairs *labels, const char *key)
{
    for (size_t i = 0; i < labels->n; i++)
        if (strcmp(labels->items[i].key, key) == 0)
            return labels->items[i].value;
    return NULL;
}

static bool holds(const struct mf_requirement *r, const char *value)
{
    switch (r->op) {
    case MF_SELECT_IN:
        return value && strv_has(r->values, value);
    case MF_SELECT_NOT_IN:
        return !value || !strv_has(r->values, value);
    case MF_SELECT_EXISTS:
        return value != NULL;
    case MF_SELECT_ABSENT:
        return value == NULL;
    case MF_SELECT_UNSAID:
        break;
    }
    return false;
}

/* Whether it has such labels. */
static bool selects(const struct mf_selector *selector, const mf_pairs *labels)
{
    for (size_t i = 0; selector && i < selector->match_labels.n; i++) {
        const struct mf_pair *pair = &selector->match_labels.items[i];
        const char *value = label(labels, pair->key);

        if (!value || strcmp(value, pair->value) != 0)
            return false;
    }
    for (size_t i = 0; selector && i < selector->expressions.n; i++)
        if (!holds(&selector->expressions.items[i],
                   label(labels, selector->expressions.items[i].key)))
            return false;
    return true;
}

/* ------------------------------------------------------------------ volumes */

/* A volume without a class is for claims without one. */
static bool is_class(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* "default" of a volume's maker, "default:USER", or an account. */
static bool is_space(const struct claim_wish *wish, const char *said, const char *maker)
{
    const char *user = NULL;
    char number[16];

    if (!said || strcmp(said, "default") == 0)
        user = maker;
    else if (strncmp(said, "default:", 8) == 0)
        user = said + 8;
    if (!user)
        return strcmp(said, wish->name_space) == 0;
    (void)snprintf(number, sizeof(number), "%u", wish->owner);
    return strcmp(wish->name_space, "default") == 0 &&
           (strcmp(user, wish->user) == 0 || strcmp(user, number) == 0);
}

static bool is_named_by(const struct claim_wish *wish,
                        const struct claim_volume *volume)
{
    const struct mf_object_ref *ref = volume->volume->spec->claim;

    if (!ref || !ref->name || strcmp(ref->name, wish->name) != 0)
        return false;
    if (ref->uid && *ref->uid)
        return strcmp(ref->uid, wish->uid) == 0;
    return is_space(wish, ref->name_space, volume->maker);
}

static bool fits(const struct claim_wish *wish, const struct claim_volume *volume)
{
    const struct mf_claim_spec *claim = wish->claim->spec;
    const struct mf_volume_spec *spec = volume->volume->spec;

    if (!volume->is_free || (spec->claim && !is_named_by(wish, volume)) ||
        (claim->volume && *claim->volume && strcmp(claim->volume, volume->name) != 0))
        return false;
    return is_class(claim->storage_class, spec->storage_class) &&
           has_modes(&spec->access, &claim->access) &&
           quantity_compare(storage(&spec->capacity),
                            storage(&claim->resources->requests)) >= 0 &&
           selects(claim->selector, &volume->volume->meta->labels);
}

static bool is_better(const struct claim_wish *wish, const struct claim_volume *a,
                      const struct claim_volume *b)
{
    bool named_a = is_named_by(wish, a), named_b = is_named_by(wish, b);
    int smaller;

    if (named_a != named_b)
        return named_a;
    smaller = quantity_compare(storage(&a->volume->spec->capacity),
                               storage(&b->volume->spec->capacity));
    return smaller < 0 || (smaller == 0 && strcmp(a->name, b->name) < 0);
}

size_t claim_choose(const struct claim_wish *wish, const struct claim_volume *volumes,
                    size_t n)
{
    size_t best = CLAIM_NONE;

    for (size_t i = 0; i < n; i++)
        if (fits(wish, &volumes[i]) &&
            (best == CLAIM_NONE || is_better(wish, &volumes[i], &volumes[best])))
            best = i;
    return best;
}
