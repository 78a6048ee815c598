/* SPDX-License-Identifier: Apache-2.0
 *
 * manifest_files.c - find and read manifests
 */
#include "cli/manifest_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "objects/manifest.h"

#define FILES_MAX 10000
#define DIRECTORIES_DEEP 32

static bool is_manifest(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 ||
                   strcmp(dot, ".json") == 0);
}

static int skip_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void free_entries(struct dirent **entries, int n)
{
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
}

static int add_directory(const char *dir, bool is_deep, unsigned int depth,
                         char ***paths, struct err *err);

static int add_entry(const char *dir, const char *name, bool is_deep,
                     unsigned int depth, char ***paths, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/%s", dir, name);
    struct stat st;

    if (stat(path, &st) < 0)
        return 0; /* gone since, or a link to nowhere */
    if (S_ISDIR(st.st_mode))
        return is_deep ? add_directory(path, is_deep, depth + 1, paths, err) : 0;
    if (!S_ISREG(st.st_mode) || !is_manifest(name))
        return 0;
    if (strv_len(*paths) == FILES_MAX)
        return err_set(err, E2BIG, "%s: more than %d files", dir, FILES_MAX);
    strv_add(paths, path);
    return 0;
}

static int add_directory(const char *dir, bool is_deep, unsigned int depth,
                         char ***paths, struct err *err)
{
    struct dirent **entries;
    int n, rc = 0;

    if (depth > DIRECTORIES_DEEP)
        return err_set(err, ELOOP, "%s: directories too deep", dir);
    n = scandir(dir, &entries, skip_hidden, alphasort);
    if (n < 0)
        return err_sys(err, errno, "%s", dir);
    for (int i = 0; i < n && rc == 0; i++)
        rc = add_entry(dir, entries[i]->d_name, is_deep, depth, paths, err);
    free_entries(entries, n);
    return rc;
}

int manifest_files_add(const char *name, bool is_deep, char ***paths, struct err *err)
{
    size_t before = strv_len(*paths);
    struct stat st;
    int rc;

    if (strncmp(name, "http://", 7) == 0 || strncmp(name, "https://", 8) == 0)
        return err_set(err, EINVAL,
                       "%s: nothing is fetched from the web; fetch and read it, then "
                       "name the file",
                       name);
    if (strcmp(name, "-") == 0) {
        strv_add(paths, name);
        return 0;
    }
    if (stat(name, &st) < 0)
        return err_sys(err, errno, "%s", name);
    if (!S_ISDIR(st.st_mode)) {
        strv_add(paths, name);
        return 0;
    }
    rc = add_directory(name, is_deep, 0, paths, err);
    if (rc == 0 && strv_len(*paths) == before)
        return err_set(err, ENOENT, "%s: no .yaml, .yml or .json file in it%s", name,
                       is_deep ? "" : " (-R looks below, too)");
    return rc;
}

int manifest_file_read(const char *path, char **ret_text, size_t *ret_len,
                       const char **ret_name, struct err *err)
{
    if (strcmp(path, "-") != 0) {
        *ret_name = path;
        return io_read_file(path, MANIFEST_TEXT_MAX, ret_text, ret_len, err);
    }
    *ret_name = "stdin";
    return io_read_fd(STDIN_FILENO, MANIFEST_TEXT_MAX, ret_text, ret_len, err);
}

int opt_file(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)err;
    strv_add((char ***)((char *)ctx + opt->offset), value);
    return 0;
}
