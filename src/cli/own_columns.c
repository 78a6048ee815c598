/* SPDX-License-Identifier: Apache-2.0
 *
 * own_columns.c - a table whose columns somebody has chosen: TITLE:FIELD,...
 */
#include "cli/own_columns.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "cli/json_path.h"
#include "cli/table.h"

/* Where a column ends: a comma in brackets or quotes is part of its field. */
static size_t column_len(const char *text)
{
    char quote = '\0';
    int depth = 0;
    size_t i;

    for (i = 0; text[i]; i++) {
        char c = text[i];

        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (strchr("[({", c))
            depth++;
        else if (strchr("])}", c))
            depth--;
        else if (c == ',' && depth <= 0)
            break;
    }
    return i;
}

/* Titles and paths, as many of each. */
static int split(const char *columns, char ***titles, char ***paths, struct err *err)
{
    for (const char *at = columns; *at;) {
        size_t len = column_len(at);
        const char *colon = memchr(at, ':', len);
        const char *path = colon ? colon + 1 : at;
        size_t path_len = (size_t)(at + len - path);

        if (!colon || colon == at || !path_len)
            return err_set(err, EINVAL, "'%.*s' is not TITLE:FIELD", (int)len, at);
        strv_take(titles, xstrndup(at, (size_t)(colon - at)));
        strv_take(paths,
                  *path == '{'
                      ? xstrndup(path, path_len)
                      : xasprintf("{%s%.*s}", *path == '.' || *path == '[' ? "" : ".",
                                  (int)path_len, path));
        at += len + (at[len] == ',');
    }
    return *titles ? 0 : err_set(err, EINVAL, "no columns: TITLE:FIELD,...");
}

int own_columns_check(const char *columns, struct err *err)
{
    cleanup(strv_freep) char **titles = NULL;
    cleanup(strv_freep) char **paths = NULL;
    int rc = split(columns, &titles, &paths, err);

    strv_foreach (path, paths) {
        json_t *nothing = json_object(), *found = NULL;

        if (rc == 0)
            rc = json_path_find(*path, nothing, &found, err);
        json_decref(found);
        json_decref(nothing);
    }
    return rc;
}

static char *cell(const char *path, json_t *document)
{
    struct strbuf out = STRBUF_INIT;
    json_t *found = NULL, *value;
    struct err err;
    size_t i;

    (void)json_path_find(path, document, &found, &err);
    json_array_foreach(found, i, value)
    {
        cleanup(freep) char *text = json_is_string(value)
                                        ? xstrdup(json_string_value(value))
                                        : json_dumps(value, JSON_ENCODE_ANY);

        strbuf_printf(&out, "%s%s", i ? "," : "", text ? text : "");
    }
    if (!json_array_size(found))
        strbuf_puts(&out, "<none>");
    json_decref(found);
    return strbuf_take(&out);
}

void own_columns_print(const char *columns, json_t *documents, bool has_header,
                       FILE *out)
{
    cleanup(strv_freep) char **titles = NULL;
    cleanup(strv_freep) char **paths = NULL;
    cleanup(table_destroyp) struct table *table = NULL;
    cleanup(freep) struct column *shown = NULL;
    struct err err;
    json_t *document;
    size_t i, n;

    if (split(columns, &titles, &paths, &err) < 0)
        return;
    n = strv_len(titles);
    shown = xcalloc(n, sizeof(*shown));
    for (i = 0; i < n; i++)
        shown[i].title = titles[i];
    table = table_create(shown, n);
    json_array_foreach(documents, i, document) strv_foreach (path, paths)
        table_take(table, cell(*path, document));
    table_print(table, has_header, 0, out);
}
