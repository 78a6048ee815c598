/* SPDX-License-Identifier: Apache-2.0
 *
 * dev.c - /dev of an image: a directory of the scratch with the node's devices
 *
 * Device nodes cannot be made in a user namespace, so each is the node's own,
 * bound over an empty file; its permissions are the node's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/build.h"

static const char *const basic[] = {"null", "zero", "full", "random", "urandom", "tty"};

/* Fabrics and single-copy helpers, bound when the node has them; "%u" counts from 0
 * until one is missing. */
static const char *const optional[] = {
    "infiniband", "xpmem", "knem", "ss0", "hfi1_%u", "cxi%u",
};

/* Those of GPUs, unless the caller names them. */
static const char *const gpus[] = {"dri", "kfd", "nvidiactl"};

/* Looked for when there is an nvidiactl. */
static const char *const nvidia[] = {
    "nvidia%u", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps",
};

static const char *const links[][2] = {
    {"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"},
    {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"},
    {"pts/ptmx", "ptmx"},
};

/* Bind the node's /dev/NAME to dev/NAME. */
static int bind_device(const char *name, bool is_dir)
{
    char source[64];
    int rc;

    (void)snprintf(source, sizeof(source), "/dev/%s", name);
    rc = is_dir ? mkdir(source + 1, 0755) : mknod(source + 1, S_IFREG | 0666, 0);
    if (rc || mount(source, source + 1, NULL, MS_BIND | MS_REC, NULL))
        return -errno;
    return 0;
}

static int bind_if_there(const char *name, bool *ret_there)
{
    char source[64];
    struct stat st;

    (void)snprintf(source, sizeof(source), "/dev/%s", name);
    *ret_there = stat(source, &st) == 0;
    return *ret_there ? bind_device(name, S_ISDIR(st.st_mode)) : 0;
}

/* Bind what 'pattern' names; *ret_there tells if there was anything. */
static int bind_optional(const char *pattern, bool *ret_there)
{
    const char *percent = strchr(pattern, '%');
    char name[32];
    bool there = true;
    int rc = 0;

    if (!percent)
        return bind_if_there(pattern, ret_there);
    for (unsigned int i = 0; there && !rc; i++) {
        (void)snprintf(name, sizeof(name), "%.*s%u", (int)(percent - pattern), pattern,
                       i);
        rc = bind_if_there(name, &there);
        *ret_there = there || i > 0;
    }
    return rc;
}

static int bind_all_optional(const char *const *patterns, size_t n,
                             bool *ret_last_there, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        int rc = bind_optional(patterns[i], ret_last_there);

        if (rc)
            return err_sys(err, -rc, "bind /dev/%s", patterns[i]);
    }
    return 0;
}

static int bind_gpus(struct err *err)
{
    bool has_nvidia = false;
    int rc = bind_all_optional(gpus, ARRAY_SIZE(gpus), &has_nvidia, err);

    if (rc || !has_nvidia)
        return rc;
    return bind_all_optional(nvidia, ARRAY_SIZE(nvidia), &has_nvidia, err);
}

static int bind_devices(bool with_gpus, struct err *err)
{
    bool is_there;
    int rc;

    for (size_t i = 0; i < ARRAY_SIZE(basic); i++) {
        rc = bind_device(basic[i], false);
        if (rc)
            return err_sys(err, -rc, "bind /dev/%s", basic[i]);
    }
    rc = bind_all_optional(optional, ARRAY_SIZE(optional), &is_there, err);
    return rc || !with_gpus ? rc : bind_gpus(err);
}

int dev_make(struct build *b, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        char path[32];

        (void)snprintf(path, sizeof(path), "dev/%s", links[i][1]);
        if (symlink(links[i][0], path))
            return err_sys(err, errno, "link /%s", path);
    }
    if (mkdir("dev/shm", 01777) || mkdir("dev/pts", 0755))
        return err_sys(err, errno, "make directories in /dev");
    if (mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
              "newinstance,ptmxmode=0666,mode=0620"))
        return err_sys(err, errno, "mount /dev/pts");
    return bind_devices(!b->spec->no_gpus, err);
}
