/* SPDX-License-Identifier: Apache-2.0
 *
 * sources.c - find, list and digest what is copied
 */
#include "build/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "build/paths.h"
#include "image/tree_at.h"

#define DEPTH_MAX 256
#define NAMES_MAX 1000000

int sources_open(const struct source_tree *tree, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NONBLOCK)),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, tree->root, *path ? path : ".", &how, sizeof(how));

    return fd < 0 ? -errno : (int)fd;
}

int sources_leaves_out(const struct source_tree *tree, const char *path)
{
    return (tree->ignore && ignore_matches(tree->ignore, path)) ||
           (tree->exclude && ignore_matches(tree->exclude, path));
}

static int by_bytes(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static char *join(const char *dir, const char *name)
{
    return *dir ? xasprintf("%s/%s", dir, name) : xstrdup(name);
}

/* A directory that is left out still counts while a rule takes paths back in. */
static bool counts(const struct source_tree *tree, const char *path, unsigned char type)
{
    if (!sources_leaves_out(tree, path))
        return true;
    return type == DT_DIR && tree->ignore && tree->ignore->has_keeps;
}

static unsigned char type_of(DIR *dir, const struct dirent *entry)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
        return DT_UNKNOWN;
    return S_ISDIR(st.st_mode) ? DT_DIR : DT_REG;
}

struct names {
    char **v;
    size_t n, cap;
};

static void add_name(struct names *names, const char *name)
{
    if (names->n + 2 > names->cap) {
        names->cap = names->cap ? 2 * names->cap : 32;
        names->v = xrealloc(names->v, names->cap, sizeof(*names->v));
    }
    names->v[names->n++] = xstrdup(name);
    names->v[names->n] = NULL;
}

static void read_names(const struct source_tree *tree, const char *path, DIR *dir,
                       struct names *names)
{
    const struct dirent *entry;

    while ((entry = readdir(dir)) && names->n < NAMES_MAX) {
        cleanup(freep) char *full = NULL;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        full = join(path, entry->d_name);
        if (counts(tree, full, type_of(dir, entry)))
            add_name(names, entry->d_name);
    }
}

int sources_list(const struct source_tree *tree, const char *path, char ***ret,
                 struct err *err)
{
    int fd = sources_open(tree, path, O_RDONLY | O_DIRECTORY);
    struct names names = {0};
    DIR *dir;

    if (fd < 0)
        return err_sys(err, -fd, "read %s of %s", *path ? path : "/", tree->what);
    dir = fdopendir(fd);
    if (!dir) {
        (void)close(fd);
        return err_sys(err, ENOMEM, "read %s of %s", path, tree->what);
    }
    read_names(tree, path, dir, &names);
    (void)closedir(dir);
    if (names.n)
        qsort(names.v, names.n, sizeof(*names.v), by_bytes);
    *ret = names.v ? names.v : xcalloc(1, sizeof(*names.v));
    return 0;
}

static int not_found(const struct source_tree *tree, const char *path, bool left_out,
                     struct err *err)
{
    cleanup(freep) char *parent = NULL;
    cleanup(strv_freep) char **names = NULL;
    const char *name = tree_split(path, &parent), *near = NULL;

    if (left_out)
        return err_set(err, ENOENT, "%s is left out of %s by its ignore file", path,
                       tree->what);
    if (sources_list(tree, parent, &names, NULL) == 0)
        near = nearest_name(name, (const char *const *)names, strv_len(names));
    return err_set(err, ENOENT, "there is no %s in %s%s%s%s%s%s", path, tree->what,
                   near ? ": did you mean " : "", near ? parent : "",
                   near && *parent ? "/" : "", near ? near : "", near ? "?" : "");
}

static int find_plain(const struct source_tree *tree, const char *path, char ***found,
                      struct err *err)
{
    cleanup(closep) int fd = -1;
    struct stat st;

    fd = sources_open(tree, path, O_PATH);
    if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR)
        return err_sys(err, -fd, "%s of %s", path, tree->what);
    if (fd < 0)
        return not_found(tree, path, false, err);
    if (*path && sources_leaves_out(tree, path) &&
        !(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && counts(tree, path, DT_DIR)))
        return not_found(tree, path, true, err);
    strv_add(found, path);
    return 0;
}

/* The paths below 'dir' that the parts from 'parts' on match, one part a level. */
static int find_pattern(const struct source_tree *tree, const char *dir, char **parts,
                        struct names *found, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    cleanup(closep) int fd = sources_open(tree, dir, O_PATH | O_DIRECTORY);
    int rc;

    if (fd < 0) /* a file, or no permission: then nothing below it matches */
        return 0;
    rc = sources_list(tree, dir, &names, err);
    strv_foreach (name, names) {
        cleanup(freep) char *path = join(dir, *name);

        if (rc || !path_matches(*parts, *name))
            continue;
        if (parts[1])
            rc = find_pattern(tree, path, parts + 1, found, err);
        else if (!sources_leaves_out(tree, path))
            add_name(found, path);
    }
    return rc;
}

int sources_find(const struct source_tree *tree, char *const *patterns, char ***ret,
                 struct err *err)
{
    cleanup(strv_freep) char **found = NULL;
    int rc = 0;

    for (; *patterns && !rc; patterns++) {
        cleanup(freep) char *pattern = path_inside(NULL, *patterns);
        cleanup(strv_freep) char **parts = strv_split(pattern, "/");
        struct names names = {0};

        if (!path_is_pattern(pattern)) {
            rc = find_plain(tree, pattern, &found, err);
            continue;
        }
        rc = find_pattern(tree, "", parts, &names, err);
        if (!rc && !names.n)
            rc = err_set(err, ENOENT, "nothing in %s matches %s", tree->what, pattern);
        strv_foreach (path, names.v)
            strv_add(&found, *path);
        strv_free(names.v);
    }
    if (rc)
        return rc;
    *ret = take(found);
    return 0;
}

static void hash_text(crypto_hash_sha256_state *hash, const char *text)
{
    crypto_hash_sha256_update(hash, (const unsigned char *)text, strlen(text) + 1);
}

static int hash_file(crypto_hash_sha256_state *hash, int fd, const char *path,
                     struct err *err)
{
    cleanup(freep) unsigned char *chunk = xmalloc(1U << 18);
    ssize_t n;

    while ((n = read(fd, chunk, 1U << 18)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, errno, "read %s", path);
        crypto_hash_sha256_update(hash, chunk, (size_t)n);
    }
    return 0;
}

static int hash_link(crypto_hash_sha256_state *hash, int fd, const char *path,
                     struct err *err)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);

    if (n < 0)
        return err_sys(err, errno, "read the link %s", path);
    target[n] = '\0';
    hash_text(hash, target);
    return 0;
}

static int hash_path(crypto_hash_sha256_state *hash, const struct source_tree *tree,
                     const char *path, int depth, struct err *err);

static int hash_dir(crypto_hash_sha256_state *hash, const struct source_tree *tree,
                    const char *path, int depth, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    int rc = sources_list(tree, path, &names, err);

    if (!rc && depth > DEPTH_MAX)
        rc =
            err_set(err, ELOOP, "%s is more than %d directories deep", path, DEPTH_MAX);
    strv_foreach (name, names) {
        cleanup(freep) char *sub = join(path, *name);

        if (rc)
            break;
        hash_text(hash, *name);
        rc = hash_path(hash, tree, sub, depth + 1, err);
    }
    hash_text(hash, "..");
    return rc;
}

/* The paths that were named are followed when they are links; what is below them is
 * copied as it is. */
static int hash_path(crypto_hash_sha256_state *hash, const struct source_tree *tree,
                     const char *path, int depth, struct err *err)
{
    cleanup(closep) int fd =
        sources_open(tree, path, O_PATH | (depth ? O_NOFOLLOW : 0));
    cleanup(closep) int file = -1;
    cleanup(freep) char *head = NULL;
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        return err_sys(err, fd < 0 ? -fd : errno, "%s of %s", path, tree->what);
    head = xasprintf("%o", st.st_mode & (S_ISLNK(st.st_mode) ? S_IFMT : ~0U));
    hash_text(hash, head);
    if (S_ISDIR(st.st_mode))
        return hash_dir(hash, tree, path, depth, err);
    if (S_ISLNK(st.st_mode))
        return hash_link(hash, fd, path, err);
    if (!S_ISREG(st.st_mode))
        return 0;
    file = sources_open(tree, path, O_RDONLY | (depth ? O_NOFOLLOW : 0));
    if (file < 0)
        return err_sys(err, -file, "read %s of %s", path, tree->what);
    return hash_file(hash, file, path, err);
}

int sources_digest(const struct source_tree *tree, char *const *paths, char **ret,
                   struct err *err)
{
    unsigned char bytes[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state hash;
    int rc = 0;

    crypto_hash_sha256_init(&hash);
    for (; !rc && paths && *paths; paths++) {
        hash_text(&hash, *paths);
        rc = hash_path(&hash, tree, *paths, 0, err);
    }
    if (rc)
        return rc;
    crypto_hash_sha256_final(&hash, bytes);
    *ret = xmalloc(2 * sizeof(bytes) + 1);
    sodium_bin2hex(*ret, 2 * sizeof(bytes) + 1, bytes, sizeof(bytes));
    return 0;
}
