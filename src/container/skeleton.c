/* SPDX-License-Identifier: Apache-2.0
 *
 * skeleton.c - mount points in the upper layer
 *
 * In a user namespace with one id, layers that belong to somebody else cannot
 * be changed, not even by the container's root: their owner has no id here. The
 * upper layer is ours, and a directory in it merges with those below. So what is
 * missing is put there before the overlay is mounted. A path that leads through a
 * symbolic link of the image is left to resolve_target.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/build.h"

/* The system's own mount points: made always, so that the image's are never
 * followed. "etc" gets the files of etc.c. */
static const struct {
    const char *name;
    mode_t mode;
} own[] = {{"dev", 0755},  {"proc", 0755}, {"sys", 0755},
           {"tmp", 01777}, {"run", 0755},  {"etc", 0755}};

static bool is_own(const struct build *b, const char *path)
{
    size_t len = strcspn(path, "/");

    if (b->spec->image_tmp &&
        (strncmp(path, "tmp/", 4) == 0 || strncmp(path, "run/", 4) == 0))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
        if (strlen(own[i].name) == len && !strncmp(own[i].name, path, len))
            return strcmp(own[i].name, "etc") != 0;
    }
    return false;
}

/* What the layers have at 'path', topmost first: 0 and its mode, or -ENOENT.
 * A whiteout hides what is below. */
static int look_up(const struct build *b, const char *path, mode_t *ret_mode)
{
    struct stat st;

    for (size_t i = 0; i < b->spec->n_layers; i++) {
        if (fstatat(b->layers[i], path, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        if (S_ISCHR(st.st_mode) && st.st_rdev == 0)
            return -ENOENT;
        *ret_mode = st.st_mode;
        return 0;
    }
    return -ENOENT;
}

static int make_in_upper(int upper, const char *path, mode_t mode)
{
    int rc = S_ISDIR(mode) ? mkdirat(upper, path, mode & 01777)
                           : mknodat(upper, path, S_IFREG | 0644, 0);

    return rc && errno != EEXIST ? -errno : 0;
}

/* True when some directory on the way, or the end, is missing, and none is a
 * link or a file. */
static bool is_missing(const struct build *b, char *path)
{
    mode_t mode;

    for (char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
        int rc;

        if (slash)
            *slash = 0;
        rc = look_up(b, path, &mode);
        if (slash)
            *slash = '/';
        if (rc)
            return true;
        if (!slash || !S_ISDIR(mode))
            return false;
    }
}

static int make_all(const struct build *b, int upper, char *path, mode_t last)
{
    for (char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
        mode_t mode = S_IFDIR | 0755;
        int rc;

        if (slash)
            *slash = 0;
        (void)look_up(b, path, &mode);
        rc = make_in_upper(upper, path, slash ? mode : last);
        if (slash)
            *slash = '/';
        if (rc || !slash)
            return rc;
    }
}

/* "a//b/../c/" cannot be compared with the layers part by part. */
static bool tidy(const char *path, char ret[PATH_MAX])
{
    size_t len = 0;

    for (const char *p = path + strspn(path, "/"); *p; p += strspn(p, "/")) {
        size_t n = strcspn(p, "/");

        if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.') ||
            len + n + 2 > PATH_MAX)
            return false;
        if (len)
            ret[len++] = '/';
        memcpy(ret + len, p, n);
        len += n;
        p += n;
    }
    ret[len] = 0;
    return len > 0;
}

static int make_target(const struct build *b, int upper, size_t i)
{
    char path[PATH_MAX];
    struct stat st;

    if (b->sources[i] < 0 || !tidy(b->spec->mounts[i].target, path) ||
        is_own(b, path) || !is_missing(b, path))
        return 0;
    if (fstat(b->sources[i], &st))
        return -errno;
    return make_all(b, upper, path,
                    S_ISDIR(st.st_mode) ? S_IFDIR | 0755 : S_IFREG | 0644);
}

int skeleton_make(struct build *b, struct err *err)
{
    cleanup(closep) int upper =
        openat(b->scratch, UPPER, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (upper < 0)
        return err_sys(err, errno, "open the upper layer");
    for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
        if (mkdirat(upper, own[i].name, own[i].mode))
            return err_sys(err, errno, "make /%s in the upper layer", own[i].name);
    }
    for (size_t i = 0; i < b->spec->n_mounts; i++) {
        int rc = make_target(b, upper, i);

        if (rc)
            return err_sys(err, -rc, "make %s in the upper layer",
                           b->spec->mounts[i].target);
    }
    return 0;
}
