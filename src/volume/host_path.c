/* SPDX-License-Identifier: Apache-2.0
 *
 * host_path.c - the site's rules for hostPath and nfs volumes
 */
#include "volume/host_path.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "volume/below.h"

struct path_rule {
    char *pattern;
    size_t literal; /* so many bytes of it are before the first part with a pattern */
    bool is_writable;
};

struct nfs_rule {
    char *server, *path, *dir;
    bool is_writable;
};

struct host_rules {
    MF_LIST(struct path_rule) paths;
    MF_LIST(struct nfs_rule) nfs;
    char *words; /* the paths, for people */
};

/* ------------------------------------------------------------------ reading */

/* Take ":rw" or ":ro" off the end. */
static bool take_mode(char *text)
{
    size_t len = strlen(text);
    bool is_writable = len > 3 && strcmp(text + len - 3, ":rw") == 0;

    if (is_writable || (len > 3 && strcmp(text + len - 3, ":ro") == 0))
        text[len - 3] = '\0';
    return is_writable;
}

static void trim_slashes(char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
}

static char *with_user(const char *text, const char *user)
{
    struct strbuf sb = STRBUF_INIT;
    const char *at;

    while ((at = strstr(text, "%u"))) {
        strbuf_add(&sb, text, (size_t)(at - text));
        strbuf_puts(&sb, user);
        text = at + 2;
    }
    strbuf_puts(&sb, text);
    return strbuf_take(&sb);
}

static void add_path(struct host_rules *rules, char *text, const char *user)
{
    bool is_writable = take_mode(text);
    struct path_rule rule = {.pattern = with_user(text, user),
                             .is_writable = is_writable};

    trim_slashes(rule.pattern);
    rule.literal = strcspn(rule.pattern, "*?[");
    if (rule.pattern[rule.literal])
        while (rule.literal && rule.pattern[rule.literal - 1] != '/')
            rule.literal--;
    rules->paths.items = xrealloc(rules->paths.items, rules->paths.n + 1, sizeof(rule));
    rules->paths.items[rules->paths.n++] = rule;
}

static int add_nfs(struct host_rules *rules, char *text, struct err *err)
{
    bool is_writable = take_mode(text);
    char *path = strstr(text, ":/");
    char *dir = path ? strstr(path, "=/") : NULL;
    struct nfs_rule rule = {.is_writable = is_writable};

    if (!path || !dir || path == text)
        return err_set(err, EINVAL, "pods.nfs_mounts: '%.64s' is not SERVER:/PATH=/DIR",
                       text);
    *path = *dir = '\0';
    rule.server = xstrdup(text);
    rule.path = xstrdup(path + 1);
    rule.dir = xstrdup(dir + 1);
    trim_slashes(rule.path);
    trim_slashes(rule.dir);
    rules->nfs.items = xrealloc(rules->nfs.items, rules->nfs.n + 1, sizeof(rule));
    rules->nfs.items[rules->nfs.n++] = rule;
    return 0;
}

int host_rules_add_nfs(struct host_rules *rules, const char *nfs, struct err *err)
{
    cleanup(freep) char *text = xstrdup(nfs);

    return add_nfs(rules, text, err);
}

int host_rules_parse(const char *paths, const char *nfs, const char *user,
                     struct host_rules **ret, struct err *err)
{
    cleanup(strv_freep) char **path_list = strv_split(paths ? paths : "", ",");
    cleanup(strv_freep) char **nfs_list = strv_split(nfs ? nfs : "", ",");
    struct host_rules *rules = xcalloc(1, sizeof(*rules));
    int rc = 0;

    rules->words = xstrdup(paths && *paths ? paths : "nothing");
    strv_foreach (text, path_list)
        add_path(rules, *text, user);
    for (char **text = nfs_list; text && *text && !rc; text++)
        rc = add_nfs(rules, *text, err);
    if (rc)
        host_rules_free(rules);
    else
        *ret = rules;
    return rc;
}

void host_rules_free(struct host_rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < rules->paths.n; i++)
        free(rules->paths.items[i].pattern);
    for (size_t i = 0; i < rules->nfs.n; i++) {
        free(rules->nfs.items[i].server);
        free(rules->nfs.items[i].path);
        free(rules->nfs.items[i].dir);
    }
    free(rules->paths.items);
    free(rules->nfs.items);
    free(rules->words);
    free(rules);
}

/* ------------------------------------------------------------------ judging */

/* What is left of 'path' below 'dir' (no '/' before it); NULL: it is not below. */
static const char *rest_below(const char *path, const char *dir)
{
    size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

    if (strncmp(path, dir, len) != 0 || (path[len] && path[len] != '/'))
        return NULL;
    return path + len + strspn(path + len, "/");
}

/* Do the parts of 'path' fit those of 'pattern', however many it has more? */
static bool fits(const char *pattern, const char *path)
{
    while (*pattern) {
        cleanup(freep) char *wanted = xstrndup(pattern, strcspn(pattern, "/"));
        cleanup(freep) char *part = xstrndup(path, strcspn(path, "/"));

        if (!*part || fnmatch(wanted, part, FNM_NOESCAPE) != 0)
            return false;
        pattern += strlen(wanted);
        pattern += strspn(pattern, "/");
        path += strlen(part);
        path += strspn(path, "/");
    }
    return true;
}

/* 'path' has no links. Those of the rule's literal part are followed now. */
static bool rule_allows(const struct path_rule *rule, const char *path)
{
    cleanup(freep) char *literal = xstrndup(rule->pattern, rule->literal);
    cleanup(freep) char *real = realpath(literal, NULL);
    const char *rest = real ? rest_below(path, real) : NULL;

    return rest && fits(rule->pattern + rule->literal, rest);
}

static bool is_allowed(const struct host_rules *rules, const char *path,
                       bool *ret_writable)
{
    bool is_shown = !rules;

    *ret_writable = !rules;
    for (size_t i = 0; rules && i < rules->paths.n; i++) {
        if (!rule_allows(&rules->paths.items[i], path))
            continue;
        is_shown = true;
        *ret_writable |= rules->paths.items[i].is_writable;
    }
    return is_shown;
}

static int judge(const struct host_rules *rules, const char *said, const char *real,
                 bool *ret_writable, struct err *err)
{
    if (is_allowed(rules, real, ret_writable))
        return 0;
    if (strcmp(said, real) == 0)
        return err_set(err, EPERM,
                       "this site does not show %.128s to pods (pods.host_paths: %s)",
                       said, rules->words);
    return err_set(err, EPERM,
                   "%.128s leads to %.128s, which this site does not show to pods "
                   "(pods.host_paths: %s)",
                   said, real, rules->words);
}

/* ------------------------------------------------------------------- finding */

/* Never through /proc's links, which are the caller's and not the container's. */
static int open_plain(const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_NO_MAGICLINKS};
    long fd;

    do
        fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    while (fd < 0 && errno == EAGAIN);
    return fd < 0 ? -errno : (int)fd;
}

static bool is_made(enum mf_host_path type)
{
    return type == MF_PATH_MAKE_DIR || type == MF_PATH_MAKE_FILE;
}

/* Make what is missing below the last part that is there: judged before that. */
static int make_missing(const struct host_rules *rules, const char *path,
                        enum mf_host_path type, struct err *err)
{
    cleanup(freep) char *parent = xstrdup(path);
    cleanup(freep) char *real = NULL;
    cleanup(freep) char *whole = NULL;
    cleanup(closep) int dir = -1;
    const char *missing;
    bool is_writable;
    int rc;

    do {
        char *slash = strrchr(parent, '/');

        slash[slash == parent] = '\0';
        dir = open_plain(parent, O_PATH | O_DIRECTORY);
    } while (dir == -ENOENT && strcmp(parent, "/") != 0);
    if (dir < 0 || !(real = below_path(dir)))
        return err_sys(err, dir < 0 ? -dir : EIO, "%s", parent);
    missing = path + strlen(parent);
    missing += strspn(missing, "/");
    if (!below_is_plain(missing))
        return err_set(err, ENOENT, "%s: what is missing of it has no plain name",
                       path);
    whole = xasprintf("%s/%s", strcmp(real, "/") == 0 ? "" : real, missing);
    rc = judge(rules, path, whole, &is_writable, err);
    if (!rc && !is_writable)
        rc = err_set(err, EROFS, "%s is not there, and pods may not write there", path);
    if (rc)
        return rc;
    rc = below_make(dir, missing, type == MF_PATH_MAKE_DIR);
    return rc ? err_sys(err, -rc, "make %s", path) : 0;
}

static int hold_against(enum mf_host_path type, mode_t mode, const char *path,
                        struct err *err)
{
    static const struct {
        mode_t format;
        const char *name;
    } wanted[] = {
        [MF_PATH_ANY] = {0, ""},
        [MF_PATH_MAKE_DIR] = {S_IFDIR, "directory"},
        [MF_PATH_DIR] = {S_IFDIR, "directory"},
        [MF_PATH_MAKE_FILE] = {S_IFREG, "file"},
        [MF_PATH_FILE] = {S_IFREG, "file"},
        [MF_PATH_SOCKET] = {S_IFSOCK, "socket"},
        [MF_PATH_CHAR_DEVICE] = {S_IFCHR, "character device"},
        [MF_PATH_BLOCK_DEVICE] = {S_IFBLK, "block device"},
    };

    if (!wanted[type].format || (mode & S_IFMT) == wanted[type].format)
        return 0;
    return err_set(err, ENOTDIR, "%s is no %s", path, wanted[type].name);
}

/* What stands open at 'fd'. */
static int describe(int fd, const char *said, enum mf_host_path type,
                    struct host_place *ret, struct err *err)
{
    struct stat st;
    int rc;

    if (fstat(fd, &st))
        return err_sys(err, errno, "%s", said);
    rc = hold_against(type, st.st_mode, said, err);
    if (rc)
        return rc;
    ret->path = below_path(fd);
    ret->is_dir = S_ISDIR(st.st_mode);
    return ret->path ? 0 : err_set(err, EIO, "%s: its path is not known", said);
}

int host_path_find(const struct host_rules *rules, const char *path,
                   enum mf_host_path type, struct host_place *ret, struct err *err)
{
    cleanup(freep) char *said = xstrdup(path);
    cleanup(closep) int fd = -1;
    struct host_place place = {0};
    int rc = 0;

    trim_slashes(said);
    fd = open_plain(said, O_PATH);
    if (fd == -ENOENT && is_made(type)) {
        rc = make_missing(rules, said, type, err);
        fd = rc ? -1 : open_plain(said, O_PATH);
    }
    if (rc)
        return rc;
    if (fd < 0)
        return err_sys(err, -fd, "%s", path);
    rc = describe(fd, said, type, &place, err);
    if (!rc)
        rc = judge(rules, said, place.path, &place.is_writable, err);
    if (rc)
        free(place.path);
    else
        *ret = place;
    return rc;
}

/* The rule for the longest part of the path. */
static const struct nfs_rule *nfs_rule_of(const struct host_rules *rules,
                                          const struct mf_nfs *nfs)
{
    const struct nfs_rule *best = NULL;

    for (size_t i = 0; i < rules->nfs.n; i++) {
        const struct nfs_rule *rule = &rules->nfs.items[i];

        if (strcmp(rule->server, nfs->server) == 0 &&
            rest_below(nfs->path, rule->path) &&
            (!best || strlen(rule->path) > strlen(best->path)))
            best = rule;
    }
    return best;
}

bool host_nfs_is_known(const struct host_rules *rules, const struct mf_nfs *nfs)
{
    return nfs_rule_of(rules, nfs) != NULL;
}

/* Opened, not only looked up, so that an automounter mounts it. */
static int open_mounted(const struct nfs_rule *rule, struct err *err)
{
    cleanup(closep) int fd = open(rule->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct statx st;

    if (fd < 0)
        return err_sys(err, errno, "%s", rule->dir);
    if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) ||
        !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
        return err_set(err, ENODEV, "%s:%s is not mounted at %s on this node",
                       rule->server, rule->path, rule->dir);
    return take_fd(fd);
}

int host_nfs_find(const struct host_rules *rules, const struct mf_nfs *nfs,
                  struct host_place *ret, struct err *err)
{
    const struct nfs_rule *rule = nfs_rule_of(rules, nfs);
    cleanup(freep) char *path = xstrdup(nfs->path);
    cleanup(closep) int top = -1;
    cleanup(closep) int fd = -1;

    if (!rule)
        return err_set(err, EPERM,
                       "nodes of this site do not have %s:%s mounted for pods "
                       "(pods.nfs_mounts)",
                       nfs->server, nfs->path);
    trim_slashes(path);
    top = open_mounted(rule, err);
    if (top < 0)
        return top;
    fd = below_open(top, rest_below(path, rule->path), O_PATH | O_DIRECTORY);
    if (fd < 0)
        return err_sys(err, -fd, "%s:%s", nfs->server, nfs->path);
    ret->is_writable = rule->is_writable && !nfs->is_read_only;
    return describe(fd, nfs->path, MF_PATH_DIR, ret, err);
}
