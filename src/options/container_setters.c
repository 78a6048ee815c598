/* SPDX-License-Identifier: Apache-2.0
 *
 * container_setters.c - what the values of the container options mean
 *
 * --mount takes one SRC[:DST[:ro]]; --container-mounts takes Pyxis' list of
 * them. --container-image may write '#' for the '/' after a registry, as Pyxis
 * does.
 */
#include "options/job_args.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "spec/cdi_name.h"

#define MOUNTS_MAX 256
#define DEVICES_MAX 64

/* A tar's path, or a path that says so itself. A directory that merely has the
 * image's name is not meant. */
static bool is_path(const char *value)
{
    const char *tar = strstr(value, ".tar");

    return value[0] == '/' || strncmp(value, "./", 2) == 0 ||
           strncmp(value, "../", 3) == 0 || (tar && (tar[4] == '\0' || tar[4] == '.'));
}

int set_image(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    char *image;

    (void)opt;
    if (value[0] == '\0')
        return err_set(err, EINVAL, "an image needs a name");
    if (is_path(value))
        return err_set(err, EINVAL,
                       "%s is a path: take it in once with 'berth image "
                       "import %s NAME', then use --image NAME",
                       value, value);
    image = xstrdup(value);
    for (char *p = image; *p; p++)
        if (*p == '#')
            *p = '/';
    spec_take_string(&args->spec->container->image, image);
    args->has_container = true;
    return 0;
}

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

int set_mount(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    cleanup(strv_freep) char **parts = strv_split(value, ":");
    size_t n = strv_len(parts);
    const char *target, *mode = NULL;
    Berth__Mount *mount;
    bool readonly = false;
    int rc;

    (void)opt;
    if (n == 0 || n > 3)
        return err_set(err, EINVAL, "'%s' is not SRC[:DST[:ro]]", value);
    target = n > 1 ? parts[1] : parts[0];
    if (n == 3)
        mode = parts[2];
    else if (n == 2 && target[0] != '/') { /* SRC:ro */
        mode = parts[1];
        target = parts[0];
    }
    if (parts[0][0] != '/' || target[0] != '/')
        return err_set(err, EINVAL, "'%s': both paths of a mount must start with /",
                       value);
    rc = parse_mode(value, mode, &readonly, err);
    if (rc < 0)
        return rc;
    mount = xmalloc(sizeof(*mount));
    berth__mount__init(mount);
    mount->source = xstrdup(parts[0]);
    mount->target = xstrdup(target);
    mount->readonly = readonly;
    rc = add_mount(ctx, mount, err);
    if (rc < 0)
        berth__mount__free_unpacked(mount, NULL);
    return rc;
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

int set_device(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    Berth__ContainerSpec *container = args->spec->container;
    int rc = cdi_check_name(value, err);

    (void)opt;
    if (rc)
        return rc;
    if (container->n_devices == DEVICES_MAX)
        return err_set(err, E2BIG, "more than %d devices", DEVICES_MAX);
    container->devices = xrealloc(container->devices, container->n_devices + 1,
                                  sizeof(*container->devices));
    container->devices[container->n_devices++] = xstrdup(value);
    args->has_container = true;
    return 0;
}

int set_no_home(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;

    (void)opt;
    (void)value;
    (void)err;
    args->spec->container->no_home = 1;
    args->has_container = true;
    return 0;
}

int set_as_root(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;

    (void)opt;
    (void)value;
    (void)err;
    args->spec->container->as_root = 1;
    args->has_container = true;
    return 0;
}
