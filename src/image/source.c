/* SPDX-License-Identifier: Apache-2.0
 *
 * source.c - take "docker-archive:PATH:NAME" apart and look what PATH is
 */
#include "image/source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* What a prefix asks for. */
struct prefix {
    const char *text;
    bool is_dir, has_name;
};

static const struct prefix prefixes[] = {
    {"docker-archive:", false, true},
    {"oci-archive:", false, true},
    {"oci:", true, true},
    {"dir:", true, false},
};

static const struct prefix *prefix_of(const char *text)
{
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (strncmp(text, prefixes[i].text, strlen(prefixes[i].text)) == 0)
            return &prefixes[i];
    return NULL;
}

/* The path ends at the first colon, unless the whole is a file's name. */
static void split(const struct prefix *prefix, const char *text, char **ret_path,
                  char **ret_pick)
{
    const char *rest = prefix ? text + strlen(prefix->text) : text;
    const char *colon = prefix && prefix->has_name ? strchr(rest, ':') : NULL;

    if (!colon || access(rest, F_OK) == 0) {
        *ret_path = xstrdup(rest);
        *ret_pick = NULL;
        return;
    }
    *ret_path = xstrndup(rest, (size_t)(colon - rest));
    *ret_pick = colon[1] ? xstrdup(colon + 1) : NULL;
}

static bool has(const char *dir, const char *name)
{
    cleanup(freep) char *path = xasprintf("%s/%s", dir, name);

    return access(path, F_OK) == 0;
}

static int find_kind(const struct prefix *prefix, struct source *s, struct err *err)
{
    struct stat st;

    if (stat(s->path, &st) < 0)
        return err_sys(err, errno, "%s", s->path);
    if (prefix && prefix->is_dir != S_ISDIR(st.st_mode))
        return err_set(err, prefix->is_dir ? ENOTDIR : EISDIR, "%s is %s directory: %s",
                       s->path, prefix->is_dir ? "no" : "a",
                       prefix->is_dir ? "an archive has the prefix oci-archive: or "
                                        "docker-archive:"
                                      : "a layout has the prefix oci:");
    if (!S_ISDIR(st.st_mode))
        s->kind = SOURCE_FILE;
    else if (has(s->path, "oci-layout"))
        s->kind = SOURCE_OCI_LAYOUT;
    else if (has(s->path, "manifest.json") && has(s->path, "version"))
        s->kind = SOURCE_SKOPEO_DIR;
    else
        s->kind = SOURCE_TREE;
    if (prefix && strcmp(prefix->text, "oci:") == 0 && s->kind != SOURCE_OCI_LAYOUT)
        return err_set(err, EINVAL, "%s is no OCI layout: there is no oci-layout in it",
                       s->path);
    return 0;
}

int source_find(const char *text, struct source *ret, struct err *err)
{
    const struct prefix *prefix = prefix_of(text);
    struct source s = {.kind = SOURCE_STDIN};
    int r;

    split(prefix, text, &s.path, &s.pick);
    r = strcmp(s.path, "-") == 0 ? 0 : find_kind(prefix, &s, err);
    if (r < 0)
        source_fini(&s);
    else
        *ret = s;
    return r;
}

void source_fini(struct source *source)
{
    free(source->path);
    free(source->pick);
}

static char *base_name(char *path)
{
    static const char *const endings[] = {".gz",  ".xz",   ".zst",      ".tgz", ".tar",
                                          ".sif", ".sqfs", ".squashfs", ".sqsh"};
    size_t len = strlen(path);
    char *base;

    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
        size_t end = strlen(endings[i]);

        len = strlen(base);
        if (len > end && strcmp(base + len - end, endings[i]) == 0)
            base[len - end] = '\0';
    }
    return xstrdup(base);
}

char *source_name(const char *text)
{
    cleanup(freep) char *path = NULL, *pick = NULL;

    split(prefix_of(text), text, &path, &pick);
    if (pick)
        return take(pick);
    return strcmp(path, "-") == 0 ? NULL : base_name(path);
}
