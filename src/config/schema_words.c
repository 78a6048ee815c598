/* SPDX-License-Identifier: Apache-2.0
 *
 * schema_words.c - values that are words out of a few, or several words
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"
#include "config/schema.h"

#define LIST_NAME_MAX 63

int schema_check_names(const struct schema_key *key, const char *text, struct err *err)
{
    cleanup(strv_freep) char **names = strv_split(text, ",");

    if ((int64_t)strv_len(names) > key->max)
        return err_set(err, ERANGE, "has more than %" PRId64 " names", key->max);
    strv_foreach (name, names) {
        int rc = schema_check_name(*name, LIST_NAME_MAX, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int schema_check_words(const struct schema_key *key, const char *text, bool are_paths,
                       struct err *err)
{
    cleanup(strv_freep) char **words = strv_split(text, ",");

    if ((int64_t)strv_len(words) > key->max)
        return err_set(err, ERANGE, "has more than %" PRId64 " items", key->max);
    strv_foreach (word, words) {
        if (are_paths && **word != '/')
            return err_set(err, EINVAL, "'%.64s' is no absolute path", *word);
        if (strpbrk(*word, " \t\r\n"))
            return err_set(err, EINVAL, "'%.64s' has a blank in it", *word);
    }
    return 0;
}

static int check_count(const struct schema_key *key, char *item, struct err *err)
{
    char *colon = strrchr(item, ':');
    int64_t count;

    if (!colon)
        return err_set(err, EINVAL, "%.64s has no count, write %.64s:1", item, item);
    *colon = '\0';
    int rc = schema_check_name(item, LIST_NAME_MAX, err);
    if (rc == 0)
        rc = number_parse(colon + 1, 0, key->max, &count, err);
    return rc;
}

int schema_check_counts(const struct schema_key *key, const char *text, struct err *err)
{
    cleanup(strv_freep) char **items = strv_split(text, ",");

    for (size_t i = 0; items && items[i]; i++) {
        int rc = check_count(key, items[i], err);
        if (rc < 0)
            return rc;
        for (size_t j = 0; j < i; j++) /* names only, by now */
            if (strcmp(items[j], items[i]) == 0)
                return err_set(err, EINVAL, "%s is counted twice", items[i]);
    }
    return 0;
}

/* "fifo, easy or hybrid" */
static char *choices(const struct schema_key *key)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < key->n_words; i++)
        if (key->words[i])
            strbuf_printf(&sb, "%s%s",
                          !sb.len                ? ""
                          : i + 1 < key->n_words ? ", "
                                                 : " or ",
                          key->words[i]);
    return strbuf_take(&sb);
}

int schema_set_choice(const struct schema_key *key, const char *text,
                      unsigned int *slot, struct err *err)
{
    for (size_t i = 0; i < key->n_words; i++)
        if (key->words[i] && strcmp(key->words[i], text) == 0) {
            *slot = (unsigned int)i;
            return 0;
        }
    cleanup(freep) char *list = choices(key);
    const char *near = nearest_name(text, key->words, key->n_words);
    return err_set(err, EINVAL, "'%.64s' is not %s%s%s%s", text, list,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}
