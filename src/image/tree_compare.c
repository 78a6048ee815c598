/* SPDX-License-Identifier: Apache-2.0
 *
 * tree_compare.c - walk two trees side by side
 */
#include "image/tree_compare.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "image/tree_at.h"
#include "image/unpack.h"

struct comparing {
    struct strbuf path;
    int depth;
    struct err *err;
};

/* Two directories, or two files: what there is, what should be. */
struct pair {
    int found, wanted;
};

static int walk(struct comparing *c, struct pair dirs);

static int differs(struct comparing *c, const char *words)
{
    return err_set(c->err, EBADMSG, "'%s' %s", c->path.len ? c->path.s : "/", words);
}

static int failed(struct comparing *c, int code)
{
    return err_sys(c->err, code, "cannot read '%s'", c->path.len ? c->path.s : "/");
}

static void pair_fini(struct pair *pair)
{
    closep(&pair->found);
    closep(&pair->wanted);
}

static int open_pair(struct comparing *c, struct pair dirs, const char *name, int flags,
                     struct pair *ret)
{
    flags |= O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    ret->found = openat(dirs.found, name, flags);
    if (ret->found < 0)
        return failed(c, errno);
    ret->wanted = openat(dirs.wanted, name, flags);
    return ret->wanted < 0 ? failed(c, errno) : 0;
}

static ssize_t read_some(int fd, char *bytes, size_t len)
{
    ssize_t n;

    do
        n = read(fd, bytes, len);
    while (n < 0 && errno == EINTR);
    return n;
}

static int compare_content(struct comparing *c, struct pair files)
{
    static __thread char a[65536], b[65536];

    for (;;) {
        ssize_t n = read_some(files.found, a, sizeof(a));
        ssize_t m = read_some(files.wanted, b, sizeof(b));

        if (n < 0 || m < 0)
            return failed(c, errno);
        if (n != m || memcmp(a, b, (size_t)n) != 0)
            return differs(c, "has other content");
        if (n == 0)
            return 0;
    }
}

/* Of one name: is it the same on both? */
static bool same_attribute(struct pair files, const char *name)
{
    static __thread char a[XATTR_SIZE_MAX], b[XATTR_SIZE_MAX];
    ssize_t n = fgetxattr(files.found, name, a, sizeof(a));
    ssize_t m = fgetxattr(files.wanted, name, b, sizeof(b));

    return n == m && (n < 0 || memcmp(a, b, (size_t)n) == 0);
}

static int compare_listed(struct comparing *c, struct pair files, int listed)
{
    cleanup(freep) char *names = xcalloc(1, XATTR_LIST_MAX + 1);
    ssize_t len = flistxattr(listed, names, XATTR_LIST_MAX);

    if (len < 0)
        return errno == ENOTSUP ? 0 : failed(c, errno);
    for (const char *name = names; name < names + len; name += strlen(name) + 1)
        if (strncmp(name, "user.", 5) == 0 && !same_attribute(files, name))
            return differs(c, "has other attributes");
    return 0;
}

static int compare_attributes(struct comparing *c, struct pair files)
{
    int r = compare_listed(c, files, files.wanted);

    return r < 0 ? r : compare_listed(c, files, files.found);
}

static int compare_file(struct comparing *c, struct pair dirs, const char *name)
{
    cleanup(pair_fini) struct pair files = {-1, -1};
    int r = open_pair(c, dirs, name, 0, &files);

    if (r == 0)
        r = compare_attributes(c, files);
    return r < 0 ? r : compare_content(c, files);
}

static int compare_dir(struct comparing *c, struct pair dirs, const char *name)
{
    cleanup(pair_fini) struct pair inner = {-1, -1};
    int r = open_pair(c, dirs, name, O_DIRECTORY, &inner);

    if (r == 0)
        r = compare_attributes(c, inner);
    if (r == 0 && ++c->depth > UNPACK_DEPTH_MAX)
        r = failed(c, ELOOP);
    if (r == 0)
        r = walk(c, inner);
    c->depth--;
    return r;
}

static int compare_link(struct comparing *c, struct pair dirs, const char *name)
{
    char a[PATH_MAX], b[PATH_MAX];
    ssize_t n = readlinkat(dirs.found, name, a, sizeof(a));
    ssize_t m = readlinkat(dirs.wanted, name, b, sizeof(b));

    if (n < 0 || m < 0)
        return failed(c, errno);
    return n == m && memcmp(a, b, (size_t)n) == 0 ? 0 : differs(c, "leads elsewhere");
}

static int compare_stat(struct comparing *c, const struct stat *a, const struct stat *b)
{
    if ((a->st_mode & S_IFMT) != (b->st_mode & S_IFMT))
        return differs(c, "is of another type");
    if (!S_ISLNK(a->st_mode) && a->st_mode != b->st_mode)
        return differs(c, "has another mode");
    if (!S_ISREG(a->st_mode))
        return a->st_rdev == b->st_rdev ? 0 : differs(c, "is another device");
    if (a->st_size != b->st_size)
        return differs(c, "has another size");
    if (a->st_nlink != b->st_nlink)
        return differs(c, "has another number of links");
    return a->st_mtim.tv_sec == b->st_mtim.tv_sec ? 0 : differs(c, "has another time");
}

static int compare_entry(struct comparing *c, struct pair dirs, const char *name)
{
    struct stat a, b;
    int r;

    if (fstatat(dirs.found, name, &a, AT_SYMLINK_NOFOLLOW) < 0 ||
        fstatat(dirs.wanted, name, &b, AT_SYMLINK_NOFOLLOW) < 0)
        return failed(c, errno);
    r = compare_stat(c, &a, &b);
    if (r < 0)
        return r;
    if (S_ISDIR(a.st_mode))
        return compare_dir(c, dirs, name);
    if (S_ISLNK(a.st_mode))
        return compare_link(c, dirs, name);
    return S_ISREG(a.st_mode) ? compare_file(c, dirs, name) : 0;
}

/* Both lists are sorted: the first place where they part is a name too many or too
 * few. */
static int compare_lists(struct comparing *c, struct pair dirs, struct dirent **a,
                         int n, struct dirent **b, int m)
{
    size_t len = c->path.len;
    int r = 0;

    for (int i = 0; r == 0 && (i < n || i < m); i++) {
        int order = i == n ? 1 : i == m ? -1 : strcmp(a[i]->d_name, b[i]->d_name);
        const char *name = order > 0 ? b[i]->d_name : a[i]->d_name;

        strbuf_printf(&c->path, "%s%s", len ? "/" : "", name);
        r = order < 0   ? differs(c, "should not be there")
            : order > 0 ? differs(c, "is missing")
                        : compare_entry(c, dirs, name);
        strbuf_cut(&c->path, len);
    }
    return r;
}

static int walk(struct comparing *c, struct pair dirs)
{
    struct dirent **a, **b = NULL;
    int n = tree_list(dirs.found, &a), m = n < 0 ? 0 : tree_list(dirs.wanted, &b);
    int r = n < 0 || m < 0 ? failed(c, n < 0 ? -n : -m)
                           : compare_lists(c, dirs, a, n, b, m);

    tree_list_free(a, n);
    tree_list_free(b, m);
    return r;
}

int tree_compare(const char *found, const char *wanted, struct err *err)
{
    struct comparing c = {.path = STRBUF_INIT, .err = err};
    struct stat a, b;
    int r;

    if (lstat(found, &a) < 0)
        return err_sys(err, errno, "its tree");
    if (lstat(wanted, &b) < 0)
        return err_sys(err, errno, "%s", wanted);
    r = compare_stat(&c, &a, &b);
    if (r == 0) {
        cleanup(pair_fini) struct pair roots = {
            open(found, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
            open(wanted, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};

        r = roots.found < 0 || roots.wanted < 0 ? failed(&c, errno)
                                                : compare_attributes(&c, roots);
        if (r == 0)
            r = walk(&c, roots);
    }
    strbuf_fini(&c.path);
    return r;
}
