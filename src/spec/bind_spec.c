/* SPDX-License-Identifier: Apache-2.0
 *
 * bind_spec.c - what tasks are bound to: --cpu-bind, --mem-bind, --gpu-bind
 */
#include "spec/bind_spec.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/strv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum effect { KIND, LIST, COUNT, QUIET, VERBOSE, PREFER, NOTHING };

struct word {
    const char *text;
    enum effect effect;
    enum bind_kind kind;
};

static const struct word cpu_words[] = {
    {"none", KIND, BIND_TO_NONE},
    {"rank", KIND, BIND_TO_RANK},
    {"sockets", KIND, BIND_TO_SOCKETS},
    {"cores", KIND, BIND_TO_CORES},
    {"threads", KIND, BIND_TO_THREADS},
    {"ldoms", KIND, BIND_TO_LDOMS},
    {"boards", KIND, BIND_TO_BOARDS},
    {"rank_ldom", KIND, BIND_TO_RANK_LDOM},
    {"no", KIND, BIND_TO_NONE},
    {"off", KIND, BIND_TO_NONE},
    {"yes", KIND, BIND_TO_OWN},
    {"auto", KIND, BIND_TO_OWN},
    {"socket", KIND, BIND_TO_SOCKETS},
    {"package", KIND, BIND_TO_SOCKETS},
    {"core", KIND, BIND_TO_CORES},
    {"thread", KIND, BIND_TO_THREADS},
    {"ldom", KIND, BIND_TO_LDOMS},
    {"numa", KIND, BIND_TO_LDOMS},
    {"l3", KIND, BIND_TO_L3},
    {"board", KIND, BIND_TO_BOARDS},
    {"map_cpu", LIST, BIND_TO_MAP},
    {"mask_cpu", LIST, BIND_TO_MASK},
    {"map_ldom", LIST, BIND_TO_MAP_LDOM},
    {"mask_ldom", LIST, BIND_TO_MASK_LDOM},
    {"quiet", QUIET, BIND_TO_OWN},
    {"verbose", VERBOSE, BIND_TO_OWN},
    {"q", QUIET, BIND_TO_OWN},
    {"v", VERBOSE, BIND_TO_OWN},
    {NULL, NOTHING, BIND_TO_OWN},
};

static const struct word mem_words[] = {
    {"local", KIND, BIND_TO_LOCAL},  {"none", KIND, BIND_TO_NONE},
    {"no", KIND, BIND_TO_NONE},      {"rank", KIND, BIND_TO_RANK},
    {"map_mem", LIST, BIND_TO_MAP},  {"mask_mem", LIST, BIND_TO_MASK},
    {"prefer", PREFER, BIND_TO_OWN}, {"p", PREFER, BIND_TO_OWN},
    {"sort", NOTHING, BIND_TO_OWN},  {"nosort", NOTHING, BIND_TO_OWN},
    {"quiet", QUIET, BIND_TO_OWN},   {"verbose", VERBOSE, BIND_TO_OWN},
    {"q", QUIET, BIND_TO_OWN},       {"v", VERBOSE, BIND_TO_OWN},
    {NULL, NOTHING, BIND_TO_OWN},
};

static const struct word gpu_words[] = {
    {"closest", KIND, BIND_TO_CLOSEST}, {"none", KIND, BIND_TO_NONE},
    {"single", COUNT, BIND_TO_SINGLE},  {"per_task", COUNT, BIND_TO_PER_TASK},
    {"map_gpu", LIST, BIND_TO_MAP},     {"mask_gpu", LIST, BIND_TO_MASK},
    {"verbose", VERBOSE, BIND_TO_OWN},  {"quiet", QUIET, BIND_TO_OWN},
    {"v", VERBOSE, BIND_TO_OWN},        {"q", QUIET, BIND_TO_OWN},
    {NULL, NOTHING, BIND_TO_OWN},
};

/* ------------------------------------------------------------------ numbers */

static int read_number(const char *text, size_t len, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -EINVAL;
        n = n * 10 + (uint64_t)(text[i] - '0');
        if (n > max)
            return -ERANGE;
    }
    *ret = n;
    return len ? 0 : -EINVAL;
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at =
        c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static int read_mask(const char *text, size_t len, struct bitset *set)
{
    bool any = false;

    if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text += 2;
        len -= 2;
    }
    if (len == 0 || len > BIND_BITS / 4)
        return -EINVAL;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_of(text[len - 1 - i]);

        if (digit < 0)
            return -EINVAL;
        for (unsigned int bit = 0; bit < 4; bit++)
            if ((unsigned int)digit >> bit & 1)
                bitset_set(set, i * 4 + bit);
        any |= digit > 0;
    }
    return any ? 0 : -EINVAL;
}

/* "3", "0x3", either with "*N" for N of them. */
static int read_item(const char *text, bool is_mask, struct bind_spec *spec)
{
    const char *star = strchr(text, '*');
    size_t len = star ? (size_t)(star - text) : strlen(text);
    cleanup(bitset_destroyp) struct bitset *set = bitset_create(BIND_BITS);
    uint64_t bit = 0, repeats = 1;
    int rc =
        star ? read_number(star + 1, strlen(star + 1), BIND_ITEMS_MAX, &repeats) : 0;

    if (!rc && is_mask)
        rc = read_mask(text, len, set);
    else if (!rc)
        rc = read_number(text, len, BIND_BITS - 1, &bit);
    if (rc || repeats == 0 || spec->n_items + repeats > BIND_ITEMS_MAX)
        return rc ? rc : -ERANGE;
    if (!is_mask)
        bitset_set(set, bit);
    spec->items = xrealloc(spec->items, spec->n_items + repeats, sizeof(*spec->items));
    for (; repeats; repeats--)
        spec->items[spec->n_items++] = bitset_dup(set);
    return 0;
}

/* -------------------------------------------------------------------- words */

static void clear_items(struct bind_spec *spec)
{
    for (size_t i = 0; i < spec->n_items; i++)
        bitset_destroy(spec->items[i]);
    free(spec->items);
    spec->items = NULL;
    spec->n_items = 0;
}

void bind_spec_fini(struct bind_spec *spec)
{
    clear_items(spec);
}

static const struct word *find_word(const struct word *words, const char *text)
{
    for (; words->text; words++)
        if (strcasecmp(words->text, text) == 0)
            return words;
    return NULL;
}

static int fail_word(const struct word *words, const char *text, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    const char *near;

    for (const struct word *word = words; word->text; word++)
        strv_add(&names, word->text);
    near = nearest_name(text, (const char *const *)names, strv_len(names));
    if (near)
        return err_set(err, EINVAL, "'%.40s': did you mean '%s'?", text, near);
    return err_set(err, EINVAL, "'%.40s' is no such thing; the first is '%s'", text,
                   words[0].text);
}

/* Items up to the first that is a word again; returns how many strings they are. */
static int read_list(char *const *items, bool is_mask, struct bind_spec *spec,
                     size_t *ret_n, struct err *err)
{
    clear_items(spec);
    for (*ret_n = 0; items[*ret_n]; ++*ret_n) {
        int rc = read_item(items[*ret_n], is_mask, spec);

        if (rc == -ERANGE)
            return err_set(err, EINVAL, "'%.40s': too large, or too many",
                           items[*ret_n]);
        if (rc && *ret_n == 0)
            return err_set(err, EINVAL, "'%.40s' is no %s", items[0],
                           is_mask ? "mask, such as 0x3" : "number");
        if (rc)
            break;
    }
    return 0;
}

static bool is_mask_kind(enum bind_kind kind)
{
    return kind == BIND_TO_MASK || kind == BIND_TO_MASK_LDOM;
}

static int read_count(const char *value, const char *text, struct bind_spec *spec,
                      struct err *err)
{
    uint64_t n = 0;

    if (!value || read_number(value, strlen(value), BIND_BITS, &n) || n == 0)
        return err_set(err, EINVAL, "'%.40s' needs a number: %.40s:1", text, text);
    spec->count = (uint32_t)n;
    return 0;
}

/* The word at parts[*at], and its list, which may go on in the parts behind. */
static int read_part(const struct word *words, char **parts, size_t *at,
                     struct bind_spec *spec, struct err *err)
{
    char *value = strchr(parts[*at], ':');
    const struct word *word;
    char *name = parts[*at];
    size_t n = 1;
    int rc = 0;

    if (value)
        *value++ = '\0';
    word = find_word(words, name);
    if (!word)
        return fail_word(words, name, err);
    if (word->effect == KIND || word->effect == LIST || word->effect == COUNT)
        spec->kind = word->kind;
    spec->is_verbose =
        (spec->is_verbose && word->effect != QUIET) || word->effect == VERBOSE;
    spec->prefers |= word->effect == PREFER;
    if (word->effect == COUNT) {
        rc = read_count(value, name, spec, err);
    } else if (word->effect == LIST) {
        if (!value)
            return err_set(err, EINVAL, "'%.40s' needs a list: %.40s:0,1", name, name);
        parts[*at] = value;
        rc = read_list(parts + *at, is_mask_kind(word->kind), spec, &n, err);
        parts[*at] = name;
    } else if (value) {
        return err_set(err, EINVAL, "'%.40s' takes no list", name);
    }
    *at += n;
    return rc;
}

static int parse(const struct word *words, const char *text, struct bind_spec *ret,
                 struct err *err)
{
    cleanup(strv_freep) char **parts = strv_split(text, ",");
    cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
    int rc = 0;

    for (size_t at = 0; !rc && parts && parts[at];)
        rc = read_part(words, parts, &at, &spec, err);
    if (rc)
        return rc;
    *ret = spec;
    spec = (struct bind_spec){.kind = BIND_TO_OWN};
    return 0;
}

int cpu_bind_parse(const char *text, struct bind_spec *ret, struct err *err)
{
    return parse(cpu_words, text, ret, err);
}

int mem_bind_parse(const char *text, struct bind_spec *ret, struct err *err)
{
    return parse(mem_words, text, ret, err);
}

/* Without the "gres/gpu:" of --tres-bind. */
int gpu_bind_parse(const char *text, struct bind_spec *ret, struct err *err)
{
    return parse(gpu_words, text, ret, err);
}

char *bind_mask_format(const struct bitset *set)
{
    struct strbuf sb = STRBUF_INIT;
    size_t top = 0;

    for (size_t i = bitset_next(set, 0); i < set->nbits; i = bitset_next(set, i + 1))
        top = i / 4;
    strbuf_puts(&sb, "0x");
    for (size_t digit = top + 1; digit-- > 0;) {
        unsigned int value = 0;

        for (unsigned int bit = 0; bit < 4; bit++)
            if (digit * 4 + bit < set->nbits && bitset_test(set, digit * 4 + bit))
                value |= 1u << bit;
        strbuf_putc(&sb, "0123456789abcdef"[value]);
    }
    return strbuf_take(&sb);
}
