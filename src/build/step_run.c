/* SPDX-License-Identifier: Apache-2.0
 *
 * step_run.c - RUN
 */
#include "build/builder.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "build/exec.h"
#include "build/run_mounts.h"
#include "build/words.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* Where programs of one RUN find what belongs to the build: /dev is never a part of
 * an image. */
#define INSIDE "/dev/berth-build"

/* apt gives its downloads to a user of their own and then makes sure that it cannot
 * come back; with one id there is nobody to give them to. */
#define APT_CONFIG "APT::Sandbox::User \"root\";\n"

struct running {
    const struct step *step;
    struct run_mounts mounts;
    char **argv, **env;
    char *script; /* of a here-document with "#!", or NULL */
    char *cwd;
    bool no_network;
};

static void running_fini(struct running *r)
{
    run_mounts_fini(&r->mounts);
    strv_free(r->argv);
    strv_free(r->env);
    free(r->script);
    free(r->cwd);
}

static void add_shell(struct running *r, const char *text)
{
    char **shell = config_list(r->step->state->config, "Shell");

    if (!shell) {
        strv_add(&shell, "/bin/sh");
        strv_add(&shell, "-c");
    }
    strv_add(&shell, text);
    r->argv = shell;
}

/* The here-documents are put back where they were: the shell reads them. */
static char *whole_text(const struct instruction *in)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_puts(&text, in->rest);
    for (size_t i = 0; i < in->n_docs; i++)
        strbuf_printf(&text, "\n%s%s", in->docs[i].text, in->docs[i].name);
    if (in->n_docs)
        strbuf_putc(&text, '\n');
    return strbuf_take(&text);
}

/* "RUN <<EOF" alone: the document is the program. */
static bool is_script(const struct instruction *in)
{
    struct heredoc doc;

    if (in->n_docs != 1 || strpbrk(in->rest, " \t") || !words_heredoc(in->rest, &doc))
        return false;
    free(doc.name);
    return true;
}

static void read_command(struct running *r)
{
    const struct instruction *in = r->step->in;
    cleanup(freep) char *text = NULL;

    if (in->is_json) {
        r->argv = strv_dup(in->words);
    } else if (is_script(in) && strncmp(in->docs[0].text, "#!", 2) == 0) {
        r->script = xstrdup(in->docs[0].text);
        strv_add(&r->argv, INSIDE "/script");
    } else {
        text = is_script(in) ? xstrdup(in->docs[0].text) : whole_text(in);
        add_shell(r, text);
    }
}

static int read_network(struct running *r, struct err *err)
{
    const char *text = instruction_flag(r->step->in, "network");

    if (!text || strcmp(text, "default") == 0 || strcmp(text, "host") == 0)
        return 0;
    if (strcmp(text, "none") != 0)
        return err_set(err, EINVAL, "--network=%.40s: host, default or none", text);
    r->no_network = true;
    return 0;
}

static int check_flags(const struct running *r, struct err *err)
{
    const char *security = instruction_flag(r->step->in, "security");

    if (security && strcmp(security, "sandbox") != 0)
        return err_set(err, ENOTSUP, "--security=%.40s is not supported", security);
    if (instruction_flag(r->step->in, "device"))
        return err_set(err, ENOTSUP, "--device is not supported");
    return 0;
}

static void read_environment(struct running *r)
{
    r->env = scope_environment(&r->step->state->scope);
    if (!strv_getenv(r->env, "PATH"))
        strv_setenv(&r->env, "PATH", DEFAULT_PATH);
    if (!strv_getenv(r->env, "HOME"))
        strv_setenv(&r->env, "HOME", "/root");
    if (!strv_getenv(r->env, "APT_CONFIG"))
        strv_setenv(&r->env, "APT_CONFIG", INSIDE "/apt.conf");
}

static void check_user(const struct step *step)
{
    const char *user = config_get_text(step->state->config, "User");

    if (step->b->said_user || !user || !*user || strcmp(user, "root") == 0 ||
        strcmp(user, "0") == 0 || strncmp(user, "0:", 2) == 0 ||
        strncmp(user, "root:", 5) == 0)
        return;
    step->b->said_user = true;
    step_warn(step,
              "USER %.60s is kept for the image, but a build has one id: this runs as "
              "root, and its files belong to root",
              user);
}

/* What a RUN depends on: its text, the variables it sees, what is bound. */
static char **material_of(const struct running *r)
{
    const struct scope *scope = &r->step->state->scope;
    char **material = NULL;

    strv_add(&material, "RUN");
    strv_foreach (word, r->argv)
        strv_add(&material, *word);
    strv_add(&material, r->script ? r->script : "");
    strv_foreach (arg, scope->args) {
        cleanup(freep) char *name = xstrndup(*arg, strcspn(*arg, "="));

        if (!scope_is_proxy(name))
            strv_add(&material, *arg);
    }
    strv_foreach (flag, r->step->in->flags)
        strv_add(&material, *flag);
    for (size_t i = 0; i < r->mounts.n; i++)
        strv_add(&material, r->mounts.v[i].digest ? r->mounts.v[i].digest : "");
    return material;
}

static int write_inside(const char *dir, const char *name, const char *text,
                        mode_t mode, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/%s", dir, name);

    return io_write_file_atomic(path, text, strlen(text), mode, err);
}

static int make_inside(const struct running *r, const char *dir, struct err *err)
{
    int rc;

    if (mkdir(dir, 0755))
        return err_sys(err, errno, "%s", dir);
    rc = write_inside(dir, "apt.conf", APT_CONFIG, 0644, err);
    return rc || !r->script ? rc : write_inside(dir, "script", r->script, 0755, err);
}

static int execute(const struct running *r, const char *overlay, const char *scratch,
                   const struct bind_mount *mounts, int *ret_status, struct err *err)
{
    cleanup(strv_freep) char **dirs =
        state_dirs(r->step->b->req->store, r->step->state);
    cleanup(freep) char *work_dir = xasprintf("%s/root", scratch);
    struct exec_job job = {
        .layers = dirs,
        .overlay = overlay,
        .work_dir = work_dir,
        .argv = r->argv,
        .env = r->env,
        .cwd = r->cwd,
        .no_network = r->no_network,
        .mounts = mounts,
        .n_mounts = r->mounts.n + 1,
        .out = r->step->b->req->out,
        .err = r->step->b->req->err,
        .stop_fd = r->step->b->req->stop_fd,
    };

    if (mkdir(work_dir, 0700))
        return err_sys(err, errno, "%s", work_dir);
    return exec_run(&job, ret_status, err);
}

static int run_once(const struct running *r, const char *overlay, const char *scratch,
                    int *ret_status, struct err *err)
{
    cleanup(freep) char *inside = xasprintf("%s/inside", scratch);
    struct bind_mount *mounts = xcalloc(r->mounts.n + 1, sizeof(*mounts));
    int rc = make_inside(r, inside, err);

    mounts[r->mounts.n] =
        (struct bind_mount){.source = inside, .target = INSIDE, .readonly = true};
    if (!rc)
        rc = run_mounts_prepare(r->step, &r->mounts, scratch, mounts, err);
    if (!rc)
        rc = execute(r, overlay, scratch, mounts, ret_status, err);
    for (size_t i = 0; i < r->mounts.n; i++)
        free((void *)(uintptr_t)mounts[i].source);
    free(mounts);
    return rc;
}

static int make_run(const struct step *step, const char *overlay, const char *scratch,
                    void *ctx, struct err *err)
{
    const struct running *r = ctx;
    int status = 0;
    int rc = run_once(r, overlay, scratch, &status, err);

    if (rc || !status)
        return rc;
    step->b->result->status = status;
    if (status > 128)
        return err_set(err, ECHILD, "the command was ended by signal %d (%s)",
                       status - 128, strsignal(status - 128));
    return err_set(err, ECHILD, "the command ended with status %d", status);
}

static int run(struct running *r, struct step *step, struct err *err)
{
    cleanup(strv_freep) char **material = NULL;
    int rc;

    if ((rc = check_flags(r, err)) || (rc = read_network(r, err)) ||
        (rc = run_mounts_read(step, &r->mounts, err)))
        return rc;
    if (!step->state->n_layers)
        return err_set(err, ENOENT,
                       "there is nothing to run: FROM scratch, and no COPY yet");
    read_command(r);
    read_environment(r);
    check_user(step);
    str_replace(&r->cwd, config_get_text(step->state->config, "WorkingDir"));
    if (!r->cwd || !*r->cwd)
        str_replace(&r->cwd, "/");
    material = material_of(r);
    return step_layer(step, material, make_run, r, err);
}

int step_run(struct step *step, struct err *err)
{
    struct running r = {.step = step};
    int rc = run(&r, step, err);

    running_fini(&r);
    return rc;
}
