/* SPDX-License-Identifier: Apache-2.0
 *
 * data_sources.c - data of a ConfigMap or Secret, from words and files
 */
#include "cli/data_sources.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "manifest/base64.h"
#include "objects/manifest.h"
#include "spec/object_name.h"

struct filling {
    json_t *object;
    bool is_secret;
};

void data_sources_fini(struct data_sources *sources)
{
    strv_free(sources->literals);
    strv_free(sources->files);
    strv_free(sources->env_files);
}

static json_t *member(json_t *object, const char *name)
{
    json_t *there = json_object_get(object, name);

    if (there)
        return there;
    there = json_object();
    (void)json_object_set_new(object, name, there);
    return there;
}

/* As text where it is some. */
static json_t *value_of(const struct filling *f, const char *bytes, size_t len)
{
    if (f->is_secret || memchr(bytes, '\0', len))
        return NULL;
    return json_stringn(bytes, len);
}

static int add(struct filling *f, const char *key, const char *bytes, size_t len,
               struct err *err)
{
    json_t *text = value_of(f, bytes, len);
    const char *where = text || f->is_secret ? "data" : "binaryData";

    if (json_object_get(json_object_get(f->object, "data"), key) ||
        json_object_get(json_object_get(f->object, "binaryData"), key)) {
        json_decref(text);
        return err_set(err, EEXIST, "the key '%.253s' comes twice", key);
    }
    if (!text) {
        cleanup(freep) char *coded = base64_encode(bytes, len);

        text = json_string(coded);
    }
    (void)json_object_set_new(member(f->object, where), key, text);
    return 0;
}

/* ------------------------------------------------------------------- literals */

static int add_literal(struct filling *f, const char *word, struct err *err)
{
    const char *eq = strchr(word, '=');
    cleanup(freep) char *key = NULL;

    if (!eq || eq == word)
        return err_set(err, EINVAL, "--from-literal: '%.100s' is not KEY=VALUE", word);
    key = xstrndup(word, (size_t)(eq - word));
    if (add(f, key, eq + 1, strlen(eq + 1), err))
        return err_wrap(err, "--from-literal");
    return 0;
}

/* ---------------------------------------------------------------------- files */

static int add_file(struct filling *f, const char *key, const char *path,
                    struct err *err)
{
    cleanup(freep) char *bytes = NULL;
    size_t len;
    int rc = io_read_file(path, MANIFEST_TEXT_MAX, &bytes, &len, err);

    return rc ? rc : add(f, key, bytes, len, err);
}

static int skip_no_key(const struct dirent *entry)
{
    struct err err;

    return entry->d_name[0] != '.' && data_key_check(entry->d_name, &err) == 0;
}

static int add_entry(struct filling *f, const char *dir, const char *name,
                     struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/%s", dir, name);
    struct stat st;

    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return 0; /* directories below are not looked into */
    return add_file(f, name, path, err);
}

static int add_directory(struct filling *f, const char *dir, struct err *err)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, skip_no_key, alphasort), rc = 0;

    if (n < 0)
        return err_sys(err, errno, "%s", dir);
    for (int i = 0; i < n; i++) {
        if (rc == 0)
            rc = add_entry(f, dir, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static int add_path(struct filling *f, const char *word, struct err *err)
{
    const char *eq = strchr(word, '='), *path = eq ? eq + 1 : word;
    const char *slash = strrchr(path, '/');
    cleanup(freep) char *key =
        eq ? xstrndup(word, (size_t)(eq - word)) : xstrdup(slash ? slash + 1 : path);
    struct stat st;
    int rc;

    if (stat(path, &st) < 0)
        rc = err_sys(err, errno, "%s", path);
    else if (!S_ISDIR(st.st_mode))
        rc = add_file(f, key, path, err);
    else if (eq)
        rc = err_set(err, EISDIR, "%s: a directory has a key for each file", path);
    else
        rc = add_directory(f, path, err);
    return rc ? err_wrap(err, "--from-file") : 0;
}

/* ---------------------------------------------------------------------- lines */

/* KEY=VALUE; KEY alone takes the value that it has here. */
static int add_line(struct filling *f, char *line, struct err *err)
{
    const char *key = line + strspn(line, " \t");
    char *eq = strchr(line, '='), *end = line + strlen(line);
    const char *value;

    if (end > line && end[-1] == '\r')
        end[-1] = '\0';
    if (!key[0] || key[0] == '#')
        return 0;
    if (eq)
        *eq = '\0';
    value = eq ? eq + 1 : getenv(key);
    return add(f, key, value ? value : "", value ? strlen(value) : 0, err);
}

static int add_lines(struct filling *f, const char *path, struct err *err)
{
    cleanup(freep) char *text = NULL;
    char *rest, *line;
    int rc = io_read_file(path, MANIFEST_TEXT_MAX, &text, NULL, err);

    rest = text;
    for (unsigned int n = 1; rc == 0 && (line = strsep(&rest, "\n")); n++)
        if ((rc = add_line(f, line, err)))
            (void)err_wrap(err, "%s:%u", path, n);
    return rc ? err_wrap(err, "--from-env-file") : 0;
}

int data_sources_read(const struct data_sources *sources, bool is_secret,
                      json_t *object, struct err *err)
{
    struct filling f = {.object = object, .is_secret = is_secret};
    int rc = 0;

    strv_foreach (word, sources->literals)
        rc = rc ? rc : add_literal(&f, *word, err);
    strv_foreach (word, sources->files)
        rc = rc ? rc : add_path(&f, *word, err);
    strv_foreach (word, sources->env_files)
        rc = rc ? rc : add_lines(&f, *word, err);
    return rc;
}
