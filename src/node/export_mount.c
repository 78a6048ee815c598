/* SPDX-License-Identifier: Apache-2.0
 *
 * export_mount.c - mount a directory of an NFS server, and unmount it
 */
#include "node/export_mount.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "node/program.h"

#define LIMIT_MS 60000
#define STUCK_MS 5000
#define MOUNTINFO_MAX (16u << 20)

struct mounting {
    export_done_fn *fn;
    void *ctx;
    char *source;
};

/* ---------------------------------------------------------------------- mounting */

static void on_end(void *ctx, const struct program_end *end)
{
    struct mounting *m = ctx;
    struct err err;

    end->words[strcspn(end->words, "\n")] = '\0';
    if (end->is_late)
        (void)err_set(&err, ETIMEDOUT, "mount %s: no answer in a minute", m->source);
    else if (!program_ended_well(end))
        (void)err_set(&err, EIO, "mount %s: %s", m->source,
                      end->words[0] ? end->words : "the program has failed");
    m->fn(m->ctx, program_ended_well(end) ? NULL : &err);
    free(m->source);
    free(m);
}

static char **helper_argv(const struct export_wish *wish)
{
    const char *program = getenv("BERTH_MOUNT");
    bool has_own = wish->options && *wish->options;
    char **argv = NULL;

    strv_add(&argv, program ? program : "/bin/mount");
    strv_add(&argv, "-t");
    strv_add(&argv, "nfs");
    strv_add(&argv, "-o");
    strv_take(&argv, xasprintf("nosuid,nodev,%s%s%s", wish->is_writable ? "rw" : "ro",
                               has_own ? "," : "", has_own ? wish->options : ""));
    strv_add(&argv, wish->source);
    strv_add(&argv, wish->dir);
    return argv;
}

void export_mount(uv_loop_t *loop, const struct export_wish *wish, export_done_fn *fn,
                  void *ctx)
{
    cleanup(strv_freep) char **argv = helper_argv(wish);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *env[] = {path, NULL};
    struct program_wish program = {
        .argv = argv, .env = env, .limit_ms = LIMIT_MS, .stuck_ms = STUCK_MS};
    struct mounting *m = xcalloc(1, sizeof(*m));
    struct err err;

    m->fn = fn;
    m->ctx = ctx;
    m->source = xstrdup(wish->source);
    if (io_mkdir_p(wish->dir, 0711, &err))
        program.fault = err.text;
    program_run(loop, &program, on_end, m);
}

/* -------------------------------------------------------------------- unmounting */

struct unmounting {
    uv_work_t work;
    export_done_fn *fn;
    void *ctx;
    char *dir;
    int code;
};

static void unmount_work(uv_work_t *work)
{
    struct unmounting *u = work->data;

    /* A helper of a berthd that was killed may have mounted a second time. */
    while (umount2(u->dir, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
        ;
    u->code = errno == EINVAL || errno == ENOENT ? 0 : errno;
    if (!u->code)
        (void)rmdir(u->dir);
}

static void unmount_done(uv_work_t *work, int status)
{
    struct unmounting *u = work->data;
    struct err err;

    (void)status;
    if (u->code)
        (void)err_sys(&err, u->code, "unmount");
    u->fn(u->ctx, u->code ? &err : NULL);
    free(u->dir);
    free(u);
}

void export_unmount(uv_loop_t *loop, const char *dir, export_done_fn *fn, void *ctx)
{
    struct unmounting *u = xcalloc(1, sizeof(*u));

    u->work.data = u;
    u->fn = fn;
    u->ctx = ctx;
    u->dir = xstrdup(dir);
    (void)uv_queue_work(loop, &u->work, unmount_work, unmount_done);
}

/* The fifth word of a line is where; blanks in it are octal. */
static bool is_line_of(const char *line, const char *dir)
{
    for (int word = 0; word < 4 && line; word++)
        line = (line = strchr(line, ' ')) ? line + 1 : NULL;
    while (line && *dir && *line) {
        unsigned int code = (unsigned char)*line;
        int n = 1;

        if (*line == '\\' && sscanf(line + 1, "%3o", &code) == 1)
            n = 4;
        if ((unsigned char)*dir != code)
            return false;
        dir++;
        line += n;
    }
    return line && !*dir && *line == ' ';
}

bool export_is_mounted(const char *dir)
{
    cleanup(freep) char *text = NULL;
    char *rest, *line;

    if (io_read_file("/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, NULL))
        return false;
    rest = text;
    while ((line = strsep(&rest, "\n")))
        if (is_line_of(line, dir))
            return true;
    return false;
}
