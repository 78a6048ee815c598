/* SPDX-License-Identifier: Apache-2.0
 *
 * inherit.c - what a job inherits from the process that submits it
 */
#include "options/inherit.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"
#include "options/export.h"
#include "options/login_env.h"
#include "wire/container_name.h"

#define EXPORT_FILE_MAX (4u << 20)

/* "berth submit -N4 'my script.sh'", as a shell would read it back. argv[0] is
 * the command's name, which 'name' says in full. */
static char *command_line(const char *name, char *const *argv)
{
    struct strbuf sb = STRBUF_INIT;

    strbuf_puts(&sb, name);
    for (argv += argv && *argv; argv && *argv; argv++) {
        bool is_plain = (*argv)[0] && !strpbrk(*argv, " \t\n'\"\\$`;&|<>()*?#~");

        strbuf_putc(&sb, ' ');
        if (is_plain) {
            strbuf_puts(&sb, *argv);
            continue;
        }
        strbuf_putc(&sb, '\'');
        for (const char *p = *argv; *p; p++) {
            if (*p == '\'')
                strbuf_puts(&sb, "'\\''");
            else
                strbuf_putc(&sb, *p);
        }
        strbuf_putc(&sb, '\'');
    }
    return strbuf_take(&sb);
}

static void default_name(Berth__JobSpec *spec, const struct spec_source *source)
{
    const char *path = source->script_name, *base;

    if (spec->name[0] != '\0')
        return;
    base = path ? strrchr(path, '/') : NULL;
    base = base ? base + 1 : path;
    spec_take_string(&spec->name, xstrdup(base && *base ? base : "stdin"));
}

static void take_home(Berth__ContainerSpec *container)
{
    const struct passwd *pw = getpwuid(getuid());

    if (pw && pw->pw_dir)
        spec_take_string(&container->home, xstrdup(pw->pw_dir));
}

static int take_place(Berth__JobSpec *spec, struct err *err)
{
    char text[PATH_MAX];

    if (spec->cwd[0] == '\0') {
        if (!getcwd(text, sizeof(text)))
            return err_sys(err, errno, "cannot tell the current directory");
        spec_take_string(&spec->cwd, xstrdup(text));
    }
    if (gethostname(text, sizeof(text)) == 0) {
        text[sizeof(text) - 1] = '\0';
        spec_take_string(&spec->submit_host, xstrdup(text));
    }
    return 0;
}

static void take_script(Berth__JobSpec *spec, const struct spec_source *source)
{
    if (!source->script)
        return;
    spec->script.data = xmemdup(source->script, source->script_len);
    spec->script.len = source->script_len;
    spec_take_strv(strv_dup(source->args), &spec->n_args, &spec->args);
}

/* In a new job every container is new. */
static int take_container_name(Berth__ContainerSpec *container, struct err *err)
{
    char name[CONTAINER_NAME_MAX + 1];
    enum container_name_mode mode;

    if (!container->name[0])
        return 0;
    if (container_name_parse(container->name, name, &mode, err))
        return err_wrap(err, "--container-name");
    if (mode == CONTAINER_NAME_EXEC)
        return err_set(err, ENOENT,
                       "--container-name=%s:exec: a new job has no container yet",
                       name);
    spec_take_string(&container->name, xstrdup(name));
    return 0;
}

/* "NAME=VALUE\0...", from a file or from what a caller has left open. */
static int add_file(const char *from, char ***env, struct err *err)
{
    bool is_fd = from[strspn(from, "0123456789")] == '\0';
    cleanup(freep) char *text = NULL;
    size_t len = 0;
    int64_t fd;
    int rc;

    if (is_fd && (rc = number_parse(from, 0, INT_MAX, &fd, err)) == 0)
        rc = io_read_fd((int)fd, EXPORT_FILE_MAX, &text, &len, err);
    else if (!is_fd)
        rc = io_read_file(from, EXPORT_FILE_MAX, &text, &len, err);
    if (rc)
        return err_wrap(err, "--export-file");
    for (const char *p = text; p < text + len; p += strlen(p) + 1) {
        size_t n = strcspn(p, "=");
        cleanup(freep) char *name = xstrndup(p, n);

        if (!p[n] || n == 0)
            return err_set(err, EINVAL, "--export-file: '%.40s' is not NAME=VALUE", p);
        strv_setenv(env, name, p + n + 1);
    }
    return 0;
}

/* A profile that hangs or fails is no reason to refuse the job. */
static void add_login_env(struct job_args *args, char ***env)
{
    cleanup(strv_freep) char **login = NULL;
    unsigned int seconds = 0;
    bool is_login = true;
    struct err err;
    int rc = login_env_how(args->user_env, &seconds, &is_login, &err);

    if (rc == 0)
        rc = login_env_read(seconds, is_login, &login, &err);
    if (rc)
        job_args_warn(args, "--get-user-env: %s; the job gets what is set here",
                      err.text);
    login_env_add(login, env);
}

int spec_complete(struct job_args *args, const struct spec_source *source,
                  struct err *err)
{
    Berth__JobSpec *spec = args->spec;
    char **env;
    int rc = take_place(spec, err);

    if (rc < 0)
        return rc;
    rc = export_env(args->export, source->env, 1, &env, err);
    if (rc < 0)
        return rc;
    if (args->export_file)
        rc = add_file(args->export_file, &env, err);
    if (rc < 0) {
        strv_free(env);
        return rc;
    }
    if (args->user_env)
        add_login_env(args, &env);
    /* Steps are told what their script was given, as Slurm's srun reads it. */
    if (args->export && source->script)
        strv_setenv(&env, "SLURM_EXPORT_ENV", args->export);
    spec_take_strv(env, &spec->n_env, &spec->env);
    spec->umask = spec_umask();
    spec->n_rlimits = spec_rlimits(args->propagate, &spec->rlimits);
    spec_take_string(&spec->submit_line, command_line(source->command, source->argv));
    default_name(spec, source);
    take_home(spec->container);
    take_script(spec, source);
    return take_container_name(spec->container, err);
}
