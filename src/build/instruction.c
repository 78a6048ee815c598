/* SPDX-License-Identifier: Apache-2.0
 *
 * instruction.c - the word, its options, and the form of what follows
 */
#include "build/instruction.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "build/words.h"

#define SHOWN_MAX 60

enum form {
    FORM_WORDS,
    FORM_WORDS_OR_JSON,
    FORM_SHELL_OR_JSON,
    FORM_PAIRS,
    FORM_TEXT,
    FORM_HEALTH
};

static const struct {
    const char *name;
    enum form form;
    const char *flags;
} kinds[] = {
#define INSTRUCTION(name, form, flags) {#name, FORM_##form, flags},
#include "build/instructions.def"
#undef INSTRUCTION
};

const char *instruction_name(enum instruction_kind kind)
{
    return kinds[kind].name;
}

static int find_kind(const char *word, size_t len, enum instruction_kind *ret,
                     struct err *err)
{
    const char *names[ARRAY_SIZE(kinds)], *near;
    cleanup(freep) char *upper = xstrndup(word, len < SHOWN_MAX ? len : SHOWN_MAX);

    for (char *c = upper; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(upper, kinds[i].name) == 0) {
            *ret = (enum instruction_kind)i;
            return 0;
        }
        names[i] = kinds[i].name;
    }
    near = nearest_name(upper, names, ARRAY_SIZE(names));
    return err_set(err, EINVAL, "unknown instruction '%s'%s%s%s", upper,
                   near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

static int unknown_flag(const char *name, char **known, struct err *err)
{
    const char *near = nearest_name(name, (const char *const *)known, strv_len(known));

    return err_set(err, EINVAL, "unknown option --%.60s%s%s%s", name,
                   near ? ": did you mean --" : "", near ? near : "", near ? "?" : "");
}

static int add_flag(struct instruction *in, const char *word, struct err *err)
{
    cleanup(strv_freep) char **known = strv_split(kinds[in->kind].flags, " ");
    cleanup(freep) char *name = xstrndup(word, strcspn(word, "="));

    if (strv_len(in->flags) == CONTAINERFILE_FLAGS_MAX)
        return err_set(err, EINVAL, "more than %d options", CONTAINERFILE_FLAGS_MAX);
    if (!strv_has(known, name))
        return unknown_flag(name, known, err);
    strv_add(&in->flags, word);
    return 0;
}

/* Options come before everything else; "--" ends them. */
static int take_flags(struct instruction *in, const char **at, char escape,
                      struct err *err)
{
    while (strncmp(*at, "--", 2) == 0) {
        cleanup(freep) char *head = NULL;
        const char *end = *at;
        char quote = '\0';
        int rc;

        for (; *end && (quote || !isspace((unsigned char)*end)); end++) {
            if (*end == escape && end[1])
                end++;
            else if (quote ? *end == quote : *end == '"' || *end == '\'')
                quote = quote ? '\0' : *end;
        }
        head = xstrndup(*at + 2, (size_t)(end - *at - 2));
        *at = end + strspn(end, " \t");
        if (!*head)
            return 0;
        rc = add_flag(in, head, err);
        if (rc)
            return rc;
    }
    return 0;
}

const char *instruction_flag(const struct instruction *in, const char *name)
{
    const char *found = NULL;
    size_t len = strlen(name);

    strv_foreach (flag, in->flags) {
        if (strncmp(*flag, name, len) != 0)
            continue;
        if ((*flag)[len] == '=')
            found = *flag + len + 1;
        else if (!(*flag)[len])
            found = "";
    }
    return found;
}

/* A JSON list of strings; anything else leaves the shell form. */
static bool take_json(struct instruction *in, const char *text)
{
    json_t *list = *text == '[' ? json_loads(text, 0, NULL) : NULL;
    bool good = json_is_array(list) && json_array_size(list) <= CONTAINERFILE_WORDS_MAX;
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        good = good && json_is_string(item) &&
               strlen(json_string_value(item)) == json_string_length(item);
    }
    if (good) {
        json_array_foreach(list, i, item)
        {
            strv_add(&in->words, json_string_value(item));
        }
        in->is_json = true;
    }
    json_decref(list);
    return good;
}

static void read_json(struct instruction *in, const char *text, char ***warnings)
{
    if (!take_json(in, text) && *text == '[')
        strv_take(warnings,
                  xasprintf("'%.40s' begins like a JSON list of strings and is "
                            "none: taken as plain words",
                            text));
}

static int read_health(struct instruction *in, char ***warnings, struct err *err)
{
    size_t len = strcspn(in->rest, " \t");

    if (len == 4 && strncasecmp(in->rest, "NONE", 4) == 0)
        return in->rest[4] ? err_set(err, EINVAL, "NONE takes nothing after it") : 0;
    if (len != 3 || strncasecmp(in->rest, "CMD", 3) != 0)
        return err_set(err, EINVAL, "'%.*s' is neither CMD nor NONE",
                       (int)(len < SHOWN_MAX ? len : SHOWN_MAX), in->rest);
    len += strspn(in->rest + len, " \t");
    memmove(in->rest, in->rest + len, strlen(in->rest + len) + 1);
    if (!*in->rest)
        return err_set(err, EINVAL, "CMD needs a command");
    read_json(in, in->rest, warnings);
    return 0;
}

static int check_words(const struct instruction *in, struct err *err)
{
    size_t n = strv_len(in->words);

    if (n > CONTAINERFILE_WORDS_MAX)
        return err_set(err, EINVAL, "more than %d words", CONTAINERFILE_WORDS_MAX);
    if ((in->kind == INSTRUCTION_COPY || in->kind == INSTRUCTION_ADD) && n < 2)
        return err_set(err, EINVAL, "needs a source and a destination");
    if (in->kind == INSTRUCTION_SHELL && (!in->is_json || n == 0))
        return err_set(err, EINVAL, "needs a JSON list: SHELL [\"/bin/sh\", \"-c\"]");
    if (in->kind == INSTRUCTION_RUN && in->is_json && n == 0)
        return err_set(err, EINVAL, "the list of what to run is empty");
    if (in->n_docs && in->is_json)
        return err_set(err, EINVAL, "a JSON list takes no here-document");
    return 0;
}

static int check_trigger(const struct instruction *in, struct err *err)
{
    static const enum instruction_kind refused[] = {
        INSTRUCTION_FROM, INSTRUCTION_ONBUILD, INSTRUCTION_MAINTAINER};
    enum instruction_kind kind;
    int rc = find_kind(in->rest, strcspn(in->rest, " \t"), &kind, err);

    for (size_t i = 0; !rc && i < ARRAY_SIZE(refused); i++) {
        if (kind == refused[i])
            return err_set(err, EINVAL, "%s cannot be left to a later build",
                           kinds[kind].name);
    }
    if (!rc && in->n_docs)
        return err_set(err, EINVAL, "here-documents cannot be left to a later build");
    return rc;
}

static int read_body(struct instruction *in, char escape, char ***warnings,
                     struct err *err)
{
    switch (kinds[in->kind].form) {
    case FORM_WORDS:
        in->words = words_split(in->rest, escape, NULL);
        return check_words(in, err);
    case FORM_WORDS_OR_JSON:
        read_json(in, in->rest, warnings);
        if (!in->is_json)
            in->words = words_split_plain(in->rest);
        return check_words(in, err);
    case FORM_SHELL_OR_JSON:
        if (!in->n_docs)
            read_json(in, in->rest, warnings);
        return check_words(in, err);
    case FORM_PAIRS:
        return words_pairs(in->rest, escape, in->kind == INSTRUCTION_ARG, &in->pairs,
                           &in->n_pairs, err);
    case FORM_TEXT:
        return in->kind == INSTRUCTION_ONBUILD ? check_trigger(in, err) : 0;
    case FORM_HEALTH:
        return read_health(in, warnings, err);
    }
    return 0;
}

int instruction_parse(struct logical_line *line, char escape, struct instruction *ret,
                      char ***warnings, struct err *err)
{
    size_t len = strcspn(line->text, " \t");
    const char *at = line->text + len + strspn(line->text + len, " \t");
    int rc;

    *ret = (struct instruction){.line = line->line};
    rc = find_kind(line->text, len, &ret->kind, err);
    if (rc)
        return rc;
    ret->text = xasprintf("%s %s", kinds[ret->kind].name, at);
    ret->docs = take(line->docs);
    ret->n_docs = line->n_docs;
    line->n_docs = 0;
    rc = take_flags(ret, &at, escape, err);
    ret->rest = xstrdup(at);
    if (!rc && !*at)
        rc = err_set(err, EINVAL, "needs something after it");
    if (!rc)
        rc = read_body(ret, escape, warnings, err);
    return rc ? err_wrap(err, "%s", kinds[ret->kind].name) : 0;
}

void instruction_fini(struct instruction *in)
{
    free(in->text);
    free(in->rest);
    strv_free(in->flags);
    strv_free(in->words);
    pairs_free(in->pairs, in->n_pairs);
    heredocs_free(in->docs, in->n_docs);
    *in = (struct instruction){0};
}

/* Lower-case letters, digits, '.', '_', '-', after a letter: what Docker allows. */
static int check_stage_name(const char *name, struct err *err)
{
    static const char *const letters = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    cleanup(freep) char *low = xstrdup(name);

    for (char *c = low; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    if (!isalpha((unsigned char)*low) || low[strspn(low, letters)])
        return err_set(err, EINVAL,
                       "'%.60s' is no name of a stage: a letter, then letters, digits, "
                       "'-', '_', '.'",
                       name);
    return 0;
}

int instruction_from(const struct instruction *in, const char **ret_image,
                     const char **ret_name, struct err *err)
{
    size_t n = strv_len(in->words);

    if (n != 1 && n != 3)
        return err_set(err, EINVAL, "FROM: write FROM IMAGE [AS NAME]");
    if (n == 3 && strcasecmp(in->words[1], "AS") != 0)
        return err_set(err, EINVAL, "FROM: '%.60s' where AS was expected",
                       in->words[1]);
    if (n == 3 && check_stage_name(in->words[2], err))
        return err_wrap(err, "FROM");
    *ret_image = in->words[0];
    *ret_name = n == 3 ? in->words[2] : NULL;
    return 0;
}
