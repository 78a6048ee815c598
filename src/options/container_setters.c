/* SPDX-License-Identifier: Apache-2.0
 *
 * container_setters.c - what the values of the container options mean
 *
 * --container-image may write '#' for the '/' after a registry, as Pyxis does.
 * What is mounted where is mount_setters' part.
 */
#include "options/job_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "wire/container_name.h"
#include "spec/cdi_name.h"

#define DEVICES_MAX 64
#define HOST_NAME_BYTES_MAX 64
#define PROFILE_BYTES_MAX (256u << 10)
#define VARIABLES_MAX 1024

extern char **environ;

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

static Berth__ContainerSpec *container_of(void *ctx)
{
    struct job_args *args = ctx;

    args->has_container = true;
    return args->spec->container;
}

int set_no_home(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)opt;
    (void)value;
    (void)err;
    container_of(ctx)->no_home = 1;
    return 0;
}

int set_as_root(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)opt;
    (void)value;
    (void)err;
    container_of(ctx)->as_root = 1;
    return 0;
}

int set_workdir(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)opt;
    if (value[0] != '/')
        return err_set(err, EINVAL, "'%s' does not start with /: it is inside", value);
    spec_take_string(&container_of(ctx)->workdir, xstrdup(value));
    return 0;
}

static void set_entry(Berth__ContainerSpec *container, char **command)
{
    for (size_t i = 0; i < container->n_entrypoint; i++)
        free(container->entrypoint[i]);
    free(container->entrypoint);
    container->n_entrypoint = strv_len(command);
    container->entrypoint = command;
}

/* A command, with arguments when it has spaces; "" for none. */
int set_entrypoint(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    Berth__ContainerSpec *container = container_of(ctx);

    (void)opt;
    (void)err;
    set_entry(container, strv_split(value, " \t"));
    container->has_entrypoint = container->n_entrypoint > 0;
    ((struct job_args *)ctx)->no_entrypoint = !container->has_entrypoint;
    return 0;
}

/* The image's own. */
int set_image_entrypoint(const struct opt *opt, const char *value, void *ctx,
                         struct err *err)
{
    (void)opt;
    (void)value;
    (void)err;
    set_entry(container_of(ctx), NULL);
    container_of(ctx)->has_entrypoint = true;
    ((struct job_args *)ctx)->no_entrypoint = false;
    return 0;
}

int set_env(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    Berth__ContainerSpec *container = container_of(ctx);
    const char *eq = strchr(value, '='), *own;
    char *text;

    (void)opt;
    if (eq == value || value[0] == '\0')
        return err_set(err, EINVAL, "'%s' is not NAME or NAME=VALUE", value);
    own = eq ? NULL : strv_getenv(environ, value);
    if (!eq && !own)
        return err_set(err, EINVAL, "%s is not set here: write %s=VALUE", value, value);
    if (container->n_env == VARIABLES_MAX)
        return err_set(err, E2BIG, "more than %d variables", VARIABLES_MAX);
    text = eq ? xstrdup(value) : xasprintf("%s=%s", value, own);
    container->env =
        xrealloc(container->env, container->n_env + 1, sizeof(*container->env));
    container->env[container->n_env++] = text;
    return 0;
}

/* Pyxis' list of names, whose values go in whatever the image says. */
int set_env_list(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    cleanup(strv_freep) char **list = strv_split(value, ",");

    strv_foreach (one, list) {
        int rc = set_env(opt, *one, ctx, err);

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

/* Not a container of its own: in a job it may be one that is there. */
int set_container_name(const struct opt *opt, const char *value, void *ctx,
                       struct err *err)
{
    struct job_args *args = ctx;
    char name[CONTAINER_NAME_MAX + 1];
    enum container_name_mode mode;

    (void)opt;
    if (container_name_parse(value, name, &mode, err))
        return -EINVAL;
    spec_take_string(&args->spec->container->name, xstrdup(value));
    return 0;
}

int set_runtime(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    static const char *const names[] = {"native", "oci"};
    const char *near;

    (void)opt;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i], value) != 0)
            continue;
        spec_take_string(&container_of(ctx)->runtime, xstrdup(value));
        return 0;
    }
    near = nearest_name(value, names, ARRAY_SIZE(names));
    return err_set(err, EINVAL, "'%s' is neither native nor oci%s%s%s", value,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* "*" stands for the first set that a node has. */
int set_host_mpi(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)opt;
    if (value && strlen(value) > HOST_NAME_BYTES_MAX)
        return err_set(err, EINVAL, "'%.80s' is too long", value);
    spec_take_string(&container_of(ctx)->host_mpi,
                     xstrdup(value && *value ? value : "*"));
    return 0;
}

int set_hostname(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

    (void)opt;
    if (value[0] == '\0' || value[0] == '-' || strlen(value) > HOST_NAME_BYTES_MAX ||
        value[strspn(value, letters)])
        return err_set(err, EINVAL, "'%.80s' is not a host name", value);
    spec_take_string(&container_of(ctx)->hostname, xstrdup(value));
    return 0;
}

/* Slurm has an option of this name about its switches. */
int set_network(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    if (strcmp(value, "none") != 0 && strcmp(value, "host") != 0)
        return set_unhonoured(opt, value, ctx, err);
    spec_take_string(&container_of(ctx)->network, xstrdup(value));
    return 0;
}

/* "unconfined", "default", or a file, whose text is sent. */
int set_seccomp(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    char *text = NULL;
    size_t len;
    int rc;

    (void)opt;
    if (strcmp(value, "default") == 0) {
        text = xstrdup("");
    } else if (strcmp(value, "unconfined") == 0) {
        text = xstrdup(value);
    } else {
        rc = io_read_file(value, PROFILE_BYTES_MAX, &text, &len, err);
        if (rc < 0)
            return rc;
        if (strlen(text) != len || text[strspn(text, " \t\r\n")] != '{') {
            free(text);
            return err_set(err, EINVAL, "%s is not a JSON object", value);
        }
    }
    spec_take_string(&container_of(ctx)->seccomp, text);
    return 0;
}

/* Docker's spelling. */
int set_security_opt(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    static const char *const granted[] = {"no-new-privileges", "no-new-privileges:true",
                                          "no-new-privileges=true", "label=disable",
                                          "label:disable"};

    if (strncmp(value, "seccomp=", 8) == 0 || strncmp(value, "seccomp:", 8) == 0)
        return set_seccomp(opt, value + 8, ctx, err);
    for (size_t i = 0; i < ARRAY_SIZE(granted); i++)
        if (strcmp(value, granted[i]) == 0)
            return 0;
    return err_set(err, EINVAL, "'%.80s': only seccomp=FILE and seccomp=unconfined",
                   value);
}
