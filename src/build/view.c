/* SPDX-License-Identifier: Apache-2.0
 *
 * view.c - a child with an overlay of its own
 */
#include "build/view.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "container/isolate.h"

#define OUTPUT_MAX (64U << 20)

struct outcome {
    int rc;
    struct err err;
};

static int become_root(struct err *err)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
        return err_sys(err, errno,
                       "make a user namespace for the build (a container, or this "
                       "node's settings, may forbid it)");
    return isolate_map_ids(uid, gid, 0, 0, err);
}

static void child(view_fn *fn, void *ctx, int out, struct outcome *outcome)
{
    int rc;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    rc = become_root(&outcome->err);
    (void)umask(022);
    outcome->rc = rc ? rc : fn(ctx, out, &outcome->err);
    _exit(0);
}

/* Wait for the child, or for the wish to stop. */
static int wait_child(pid_t pid, int stop_fd, struct err *err)
{
    cleanup(closep) int pidfd = pidfd_open(pid, 0);
    struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN},
                           {.fd = stop_fd, .events = POLLIN}};
    bool stopped = false;
    int status;

    while (pidfd >= 0 && poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno == EINTR)
        ;
    if (pidfd >= 0 && !fds[0].revents && fds[1].revents) {
        (void)kill(pid, SIGKILL);
        stopped = true;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (stopped)
        return err_set(err, ECANCELED, "interrupted");
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return err_set(err, ECHILD, "a helper process of the build died");
    return 0;
}

static int run_child(view_fn *fn, void *ctx, int stop_fd, int out, struct err *err)
{
    struct outcome *outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid;
    int rc;

    if (outcome == MAP_FAILED)
        return err_sys(err, errno, "memory for a helper process");
    pid = fork();
    if (pid == 0)
        child(fn, ctx, out, outcome);
    rc = pid < 0 ? err_sys(err, errno, "fork") : wait_child(pid, stop_fd, err);
    if (!rc && outcome->rc)
        rc = err_set(err, outcome->err.code ? outcome->err.code : -outcome->rc, "%s",
                     outcome->err.text);
    (void)munmap(outcome, sizeof(*outcome));
    return rc;
}

int view_call(view_fn *fn, void *ctx, int stop_fd, char **ret, size_t *ret_len,
              struct err *err)
{
    cleanup(closep) int out = memfd_create("build", MFD_CLOEXEC);
    int rc;

    if (out < 0)
        return err_sys(err, errno, "memory for a helper process");
    rc = run_child(fn, ctx, stop_fd, out, err);
    if (rc || !ret)
        return rc;
    if (lseek(out, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "read from a helper process");
    return io_read_fd(out, OUTPUT_MAX, ret, ret_len, err);
}

static int add_layers(struct strbuf *options, char *const *layers, struct err *err)
{
    size_t n = 0;

    for (; layers && layers[n]; n++) {
        /* Named by descriptor, as in src/container/overlay.c; open until the end. */
        int fd = open(layers[n], O_PATH | O_DIRECTORY);

        if (fd < 0)
            return err_sys(err, errno, "image layer %s", layers[n]);
        strbuf_printf(options, "/proc/self/fd/%d:", fd);
    }
    return 0;
}

static int make_dirs(char *const *paths, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (mkdir(paths[i], 0755) && errno != EEXIST)
            return err_sys(err, errno, "%s", paths[i]);
    }
    return 0;
}

/* The mount point is covered by a tmpfs of the child's: what is mounted on, and two
 * empty layers. overlayfs wants one below the upper, and two where there is none. */
static int mount_scratch(const char *at, int *ret_empty, int *ret_blank,
                         struct err *err)
{
    char *dirs[] = {xasprintf("%s/root", at), xasprintf("%s/empty", at),
                    xasprintf("%s/blank", at)};
    int rc = 0;

    if (mount("tmpfs", at, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"))
        rc = err_sys(err, errno, "mount a tmpfs at %s", at);
    if (!rc)
        rc = make_dirs(dirs, ARRAY_SIZE(dirs), err);
    if (!rc) {
        *ret_empty = open(dirs[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
        *ret_blank = open(dirs[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
        free(dirs[i]);
    return rc;
}

static int make_overlay_dirs(const char *overlay, struct err *err)
{
    char *dirs[2] = {xasprintf("%s/upper", overlay), xasprintf("%s/work", overlay)};
    int rc = make_dirs(dirs, ARRAY_SIZE(dirs), err);

    free(dirs[0]);
    free(dirs[1]);
    return rc;
}

/* A path with a ',' or ':' in it cannot be an option: the working directory is what
 * such paths are relative to. */
static int mount_overlay(const struct strbuf *options, const char *overlay,
                         const char *root, struct err *err)
{
    if (options->len >= (size_t)sysconf(_SC_PAGESIZE))
        return err_set(err, E2BIG, "too many layers for one mount");
    if (overlay && chdir(overlay))
        return err_sys(err, errno, "%s", overlay);
    if (mount("overlay", root, "overlay", overlay ? 0 : MS_RDONLY, options->s))
        return err_sys(err, errno, "mount the image's layers");
    return 0;
}

static int stack(char *const *layers, const char *overlay, const char *at,
                 const char *root, struct err *err)
{
    struct strbuf options = STRBUF_INIT;
    cleanup(closep) int empty = -1;
    cleanup(closep) int blank = -1;
    int rc = mount_scratch(at, &empty, &blank, err);

    strbuf_puts(&options, "userxattr,lowerdir=");
    if (!rc)
        rc = add_layers(&options, layers, err);
    strbuf_printf(&options, "/proc/self/fd/%d", empty);
    if (overlay)
        strbuf_puts(&options, ",upperdir=upper,workdir=work");
    else
        strbuf_printf(&options, ":/proc/self/fd/%d", blank);
    if (!rc)
        rc = mount_overlay(&options, overlay, root, err);
    strbuf_fini(&options);
    return rc;
}

int view_mount(char *const *layers, const char *overlay, const char *at, int *ret_root,
               struct err *err)
{
    cleanup(freep) char *root = xasprintf("%s/root", at);
    int rc = overlay ? make_overlay_dirs(overlay, err) : 0;

    if (!rc)
        rc = stack(layers, overlay, at, root, err);
    if (rc)
        return rc;
    *ret_root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_root < 0 ? err_sys(err, errno, "enter the image") : 0;
}
