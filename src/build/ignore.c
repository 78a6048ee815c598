/* SPDX-License-Identifier: Apache-2.0
 *
 * ignore.c - read patterns, match paths
 */
#include "build/ignore.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "build/paths.h"

#define PARTS_MAX 128

bool path_is_pattern(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

struct parts {
    char **v;
    size_t n;
};

/* Rows of "the first i parts of the pattern match the first j of the path": each
 * cell once, however many "**" there are. One at the end stands for at least one
 * part. 'any_depth': the path may go on. */
static bool match_parts(const struct parts *pattern, const struct parts *path,
                        bool any_depth)
{
    bool row[PARTS_MAX + 1] = {true}, ended = false;

    for (size_t i = 0; i < pattern->n; i++) {
        bool is_any = strcmp(pattern->v[i], "**") == 0;
        bool is_last = i + 1 == pattern->n, before = row[0];

        row[0] = row[0] && is_any && !is_last;
        for (size_t j = 1; j <= path->n; j++) {
            bool diagonal = before;

            before = row[j];
            if (is_any)
                row[j] = (is_last ? diagonal : row[j]) || row[j - 1];
            else
                row[j] = diagonal && fnmatch(pattern->v[i], path->v[j - 1], 0) == 0;
        }
    }
    for (size_t j = any_depth ? 1 : path->n; j <= path->n; j++)
        ended = ended || row[j];
    return ended;
}

static bool match(const char *pattern, const char *path, bool any_depth)
{
    struct parts a = {.v = strv_split(pattern, "/")};
    struct parts b = {.v = strv_split(path, "/")};
    bool yes;

    a.n = strv_len(a.v);
    b.n = strv_len(b.v);
    yes = a.n <= PARTS_MAX && b.n <= PARTS_MAX && match_parts(&a, &b, any_depth);
    strv_free(a.v);
    strv_free(b.v);
    return yes;
}

bool path_matches(const char *pattern, const char *path)
{
    return match(pattern, path, false);
}

bool ignore_matches(const struct ignore *ignore, const char *path)
{
    bool out = false;

    for (size_t i = 0; i < ignore->n_rules; i++) {
        const struct ignore_rule *rule = &ignore->rules[i];

        if (out != rule->keeps)
            continue;
        if (match(rule->pattern, path, true))
            out = !rule->keeps;
    }
    return out;
}

int ignore_add(struct ignore *ignore, const char *pattern, struct err *err)
{
    bool keeps = *pattern == '!';
    const char *text = pattern + keeps;
    char *path;

    while (isspace((unsigned char)*text))
        text++;
    if (keeps && !*text)
        return err_set(err, EINVAL, "'!' without a pattern");
    if (strlen(text) > 4096)
        return err_set(err, EINVAL, "a pattern of more than 4096 bytes");
    if (ignore->n_rules == IGNORE_RULES_MAX)
        return err_set(err, EINVAL, "more than %d patterns", IGNORE_RULES_MAX);
    /* ".." goes no higher than the context */
    path = path_inside(NULL, text);
    if (!*path) { /* "." and "/" name nothing that could be left out */
        free(path);
        return 0;
    }
    ignore->rules =
        xrealloc(ignore->rules, ignore->n_rules + 1, sizeof(*ignore->rules));
    ignore->rules[ignore->n_rules++] = (struct ignore_rule){path, keeps};
    ignore->has_keeps = ignore->has_keeps || keeps;
    return 0;
}

static int add_line(struct ignore *ignore, const char *line, size_t len,
                    struct err *err)
{
    cleanup(freep) char *text = NULL;

    if (len && *line == '#')
        return 0;
    while (len && isspace((unsigned char)*line)) {
        line++;
        len--;
    }
    while (len && isspace((unsigned char)line[len - 1]))
        len--;
    text = xstrndup(line, len);
    return *text ? ignore_add(ignore, text, err) : 0;
}

int ignore_parse(const char *text, struct ignore *ret, struct err *err)
{
    struct ignore ignore = {0};
    unsigned int line = 0;

    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (*text) {
        size_t len = strcspn(text, "\n");

        line++;
        if (add_line(&ignore, text, len, err)) {
            ignore_fini(&ignore);
            return err_wrap(err, "line %u", line);
        }
        text += len + (text[len] == '\n');
    }
    *ret = ignore;
    return 0;
}

void ignore_fini(struct ignore *ignore)
{
    for (size_t i = 0; i < ignore->n_rules; i++)
        free(ignore->rules[i].pattern);
    free(ignore->rules);
    *ignore = (struct ignore){0};
}
