/* SPDX-License-Identifier: Apache-2.0
 *
 * mount_setters.c - what is seen where in a container, and what may be written
 *
 * --mount takes SRC[:DST[:ro]], or Docker's type=bind,src=SRC,dst=DST[,ro];
 * --container-mounts takes Pyxis' list of the first. A later option wins: the root is
 * read-only, on a tmpfs, or in a directory.
 */
#include "options/job_args.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"

#define MOUNTS_MAX 256

static int add_mount(struct job_args *args, Berth__Mount *mount, struct err *err)
{
    Berth__ContainerSpec *container = args->spec->container;

    if (container->n_mounts == MOUNTS_MAX)
        return err_set(err, E2BIG, "more than %d mounts", MOUNTS_MAX);
    container->mounts = xrealloc(container->mounts, container->n_mounts + 1,
                                 sizeof(*container->mounts));
    container->mounts[container->n_mounts++] = mount;
    args->has_container = true;
    return 0;
}

/* The mode of a mount: "ro", "rw" or nothing. */
static int parse_mode(const char *text, const char *mode, bool *ret_readonly,
                      struct err *err)
{
    if (!mode || strcmp(mode, "rw") == 0)
        *ret_readonly = false;
    else if (strcmp(mode, "ro") == 0)
        *ret_readonly = true;
    else
        return err_set(err, EINVAL, "'%s': '%s' is neither ro nor rw", text, mode);
    return 0;
}

/* Check, and keep. Strings are copied. */
static int keep_mount(struct job_args *args, const char *value, const char *source,
                      const char *target, bool readonly, struct err *err)
{
    Berth__Mount *mount;
    int rc;

    if (source[0] != '/' || target[0] != '/')
        return err_set(err, EINVAL, "'%s': both paths of a mount must start with /",
                       value);
    mount = xmalloc(sizeof(*mount));
    berth__mount__init(mount);
    mount->source = xstrdup(source);
    mount->target = xstrdup(target);
    mount->readonly = readonly;
    rc = add_mount(args, mount, err);
    if (rc < 0)
        berth__mount__free_unpacked(mount, NULL);
    return rc;
}

static int keep_tmpfs(struct job_args *args, const char *path, const char *size,
                      struct err *err)
{
    Berth__ContainerSpec *container = args->spec->container;
    uint64_t bytes = 0;
    int rc = size ? size_parse(size, 1, &bytes, err) : 0;

    if (rc < 0)
        return rc;
    if (path[0] != '/')
        return err_set(err, EINVAL, "'%s' does not start with /", path);
    if (container->n_tmpfs == MOUNTS_MAX)
        return err_set(err, E2BIG, "more than %d of them", MOUNTS_MAX);
    container->tmpfs =
        xrealloc(container->tmpfs, container->n_tmpfs + 1, sizeof(*container->tmpfs));
    container->tmpfs[container->n_tmpfs++] =
        bytes ? xasprintf("%s:%" PRIu64, path, bytes) : xstrdup(path);
    args->has_container = true;
    return 0;
}

/* What one "key=value" of Docker's form says. */
struct mount_fields {
    const char *type, *source, *target, *size;
    bool readonly;
};

static bool is_any_of(const char *word, size_t len, const char *const *names)
{
    for (; *names; names++)
        if (strlen(*names) == len && !strncmp(word, *names, len))
            return true;
    return false;
}

static int read_field(const char *field, struct mount_fields *ret, struct err *err)
{
    static const char *const sources[] = {"src", "source", NULL};
    static const char *const targets[] = {"dst", "destination", "target", NULL};
    static const char *const readonly[] = {"ro", "readonly", NULL};
    size_t len = strcspn(field, "=");
    const char *value = field[len] ? field + len + 1 : "";

    if (is_any_of(field, len, readonly))
        ret->readonly = !*value || !strcmp(value, "true") || !strcmp(value, "1");
    else if (is_any_of(field, len, sources))
        ret->source = value;
    else if (is_any_of(field, len, targets))
        ret->target = value;
    else if (len == 4 && !strncmp(field, "type", len))
        ret->type = value;
    else if (len == 10 && !strncmp(field, "tmpfs-size", len))
        ret->size = value;
    else
        return err_set(
            err, EINVAL,
            "'%s': known are type=bind|tmpfs, src=, dst=, ro, tmpfs-size=", field);
    return 0;
}

static int set_docker_mount(const char *value, struct job_args *args, struct err *err)
{
    cleanup(strv_freep) char **fields = strv_split(value, ",");
    struct mount_fields f = {.type = "bind"};

    strv_foreach (field, fields) {
        int rc = read_field(*field, &f, err);

        if (rc < 0)
            return rc;
    }
    if (!f.target)
        return err_set(err, EINVAL, "'%s' has no dst=", value);
    if (!strcmp(f.type, "tmpfs"))
        return keep_tmpfs(args, f.target, f.size, err);
    if (strcmp(f.type, "bind") != 0)
        return err_set(err, EINVAL, "'%s': its type is neither bind nor tmpfs", value);
    if (!f.source)
        return err_set(err, EINVAL, "'%s' has no src=", value);
    return keep_mount(args, value, f.source, f.target, f.readonly, err);
}

int set_mount(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    cleanup(strv_freep) char **parts = NULL;
    const char *target, *mode = NULL;
    bool readonly = false;
    size_t n;
    int rc;

    (void)opt;
    if (value[0] != '/' && strchr(value, '='))
        return set_docker_mount(value, ctx, err);
    parts = strv_split(value, ":");
    n = strv_len(parts);
    if (n == 0 || n > 3)
        return err_set(err, EINVAL, "'%s' is not SRC[:DST[:ro]]", value);
    target = n > 1 ? parts[1] : parts[0];
    if (n == 3)
        mode = parts[2];
    else if (n == 2 && target[0] != '/') { /* SRC:ro */
        mode = parts[1];
        target = parts[0];
    }
    if (parts[0][0] == '/' && target[0] == '/') {
        rc = parse_mode(value, mode, &readonly, err);
        if (rc < 0)
            return rc;
    }
    return keep_mount(ctx, value, parts[0], target, readonly, err);
}

int set_mounts(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    cleanup(strv_freep) char **list = strv_split(value, ",");

    strv_foreach (one, list) {
        int rc = set_mount(opt, *one, ctx, err);

        if (rc < 0)
            return rc;
    }
    return 0;
}

/* PATH[:SIZE], or Docker's PATH:size=SIZE. */
int set_tmpfs(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    const char *colon = strrchr(value, ':'), *size = colon ? colon + 1 : NULL;
    cleanup(freep) char *path =
        xstrndup(value, colon ? (size_t)(colon - value) : strlen(value));

    (void)opt;
    if (size && !strncmp(size, "size=", 5))
        size += 5;
    return keep_tmpfs(ctx, path, size, err);
}

static void set_top(struct job_args *args, bool read_only, bool tmpfs, char *overlay)
{
    Berth__ContainerSpec *container = args->spec->container;

    container->read_only = read_only;
    container->writable_tmpfs = tmpfs;
    spec_take_string(&container->overlay, overlay);
    args->has_container = true;
}

int set_read_only(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)opt;
    (void)value;
    (void)err;
    set_top(ctx, true, false, xstrdup(""));
    return 0;
}

int set_writable(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)opt;
    (void)value;
    (void)err;
    set_top(ctx, false, true, xstrdup(""));
    return 0;
}

int set_overlay(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    char here[PATH_MAX];

    (void)opt;
    if (value[0] == '\0')
        return err_set(err, EINVAL, "it needs a directory");
    if (value[0] != '/' && !getcwd(here, sizeof(here)))
        return err_sys(err, errno, "cannot tell the current directory");
    set_top(ctx, false, false,
            value[0] == '/' ? xstrdup(value) : xasprintf("%s/%s", here, value));
    return 0;
}
