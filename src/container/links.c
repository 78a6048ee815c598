/* SPDX-License-Identifier: Apache-2.0
 *
 * links.c - links that the caller wants inside, in the upper layer
 *
 * A link there hides whatever the layers have at its place. Its parents are looked up
 * through the layers first: "/lib64" of an image is often a link itself, and a
 * directory of that name in the upper layer would hide all that is behind it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/build.h"

#define LINKS_FOLLOWED_MAX 40

/* What one layer has at 'path', which leads through no link in it. */
static int open_in_layer(int layer, const char *path)
{
    struct open_how how = {
        .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    long fd = syscall(SYS_openat2, layer, path, &how, sizeof(how));

    return fd < 0 ? -errno : (int)fd;
}

/* The link's text when the topmost layer that has 'path' has a link there: 1; 0 for
 * anything else, or nothing. */
static int read_link(const struct build *b, const char *path, char ret[PATH_MAX])
{
    for (size_t i = 0; i < b->spec->n_layers; i++) {
        cleanup(closep) int fd = open_in_layer(b->layers[i], path);
        struct stat st;
        ssize_t len;

        if (fd < 0 || fstat(fd, &st))
            continue;
        if (!S_ISLNK(st.st_mode))
            return 0;
        len = readlinkat(fd, "", ret, PATH_MAX - 1);
        if (len < 0)
            return 0;
        ret[len] = '\0';
        return 1;
    }
    return 0;
}

/* A path that is walked: 'done' has no links in it, 'rest' is what comes then. */
struct steps {
    char done[PATH_MAX];
    char rest[PATH_MAX];
    unsigned int followed;
};

static void go_up(struct steps *s)
{
    char *slash = strrchr(s->done, '/');

    *(slash ? slash : s->done) = '\0';
}

/* Take the first part off 'rest'; "" at the end. */
static void next_part(struct steps *s, char ret[NAME_MAX + 1])
{
    size_t start = strspn(s->rest, "/"), len = strcspn(s->rest + start, "/");

    if (len > NAME_MAX)
        len = NAME_MAX; /* no such file */
    memcpy(ret, s->rest + start, len);
    ret[len] = '\0';
    memmove(s->rest, s->rest + start + len, strlen(s->rest + start + len) + 1);
}

static int follow(struct steps *s, const char *target)
{
    char rest[PATH_MAX];

    if (++s->followed > LINKS_FOLLOWED_MAX)
        return -ELOOP;
    if ((size_t)snprintf(rest, sizeof(rest), "%s/%s", target, s->rest) >= sizeof(rest))
        return -ENAMETOOLONG;
    memcpy(s->rest, rest, strlen(rest) + 1);
    if (target[0] == '/')
        s->done[0] = '\0';
    else
        go_up(s);
    return 0;
}

static int append(struct steps *s, const char *part)
{
    size_t len = strlen(s->done), n = strlen(part);

    if (len + n + 2 > sizeof(s->done))
        return -ENAMETOOLONG;
    if (len)
        s->done[len++] = '/';
    memcpy(s->done + len, part, n + 1);
    return 0;
}

/* Walk all of 'rest'. */
static int walk(const struct build *b, struct steps *s)
{
    char part[NAME_MAX + 1], target[PATH_MAX];

    for (next_part(s, part); part[0]; next_part(s, part)) {
        int rc = 0;

        if (strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0) {
            go_up(s);
            continue;
        }
        rc = append(s, part);
        if (!rc && read_link(b, s->done, target))
            rc = follow(s, target);
        if (rc)
            return rc;
    }
    return 0;
}

static int make_parents(int upper, char *path)
{
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        int rc;

        *slash = '\0';
        rc = mkdirat(upper, path, 0755) && errno != EEXIST ? -errno : 0;
        *slash = '/';
        if (rc)
            return rc;
    }
    return 0;
}

static bool is_there(int upper, const char *path, const char *target)
{
    char found[PATH_MAX];
    ssize_t len = readlinkat(upper, path, found, sizeof(found) - 1);

    return len >= 0 && (size_t)len == strlen(target) &&
           !memcmp(found, target, (size_t)len);
}

static int make_link(const struct build *b, int upper, const struct link_wish *wish)
{
    const char *slash = strrchr(wish->path, '/');
    struct steps s = {.followed = 0};
    int rc;

    if (!slash || !slash[1] || strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0)
        return -EINVAL;
    if ((size_t)(slash - wish->path) >= sizeof(s.rest))
        return -ENAMETOOLONG;
    memcpy(s.rest, wish->path, (size_t)(slash - wish->path));
    rc = walk(b, &s);
    if (!rc)
        rc = append(&s, slash + 1);
    if (!rc)
        rc = make_parents(upper, s.done);
    if (rc || symlinkat(wish->target, upper, s.done) == 0)
        return rc;
    return errno == EEXIST && is_there(upper, s.done, wish->target) ? 0 : -errno;
}

int links_make(struct build *b, struct err *err)
{
    cleanup(closep) int upper = -1;

    if (!b->spec->n_links)
        return 0;
    upper = openat(b->scratch, UPPER, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (upper < 0)
        return err_sys(err, errno, "open the upper layer");
    for (size_t i = 0; i < b->spec->n_links; i++) {
        const struct link_wish *wish = &b->spec->links[i];
        int rc = make_link(b, upper, wish);

        if (rc)
            return err_sys(err, -rc, "%s: make the link %s to %s", wish->origin,
                           wish->path, wish->target);
    }
    return 0;
}
