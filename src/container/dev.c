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
#include "base/strv.h"
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

static bool is_there(const char *name, struct stat *ret)
{
    char source[64];

    (void)snprintf(source, sizeof(source), "/dev/%s", name);
    return stat(source, ret) == 0;
}

/* What 'pattern' names; true when there was anything. */
static bool add_names(const char *pattern, char ***names)
{
    const char *percent = strchr(pattern, '%');
    struct stat st;
    char name[32];

    if (!percent) {
        if (!is_there(pattern, &st))
            return false;
        strv_add(names, pattern);
        return true;
    }
    for (unsigned int i = 0;; i++) {
        (void)snprintf(name, sizeof(name), "%.*s%u", (int)(percent - pattern), pattern,
                       i);
        if (!is_there(name, &st))
            return i > 0;
        strv_add(names, name);
    }
}

char **dev_names(bool with_gpus)
{
    bool has_nvidia = false;
    char **names = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
        (void)add_names(optional[i], &names);
    for (size_t i = 0; with_gpus && i < ARRAY_SIZE(gpus); i++)
        has_nvidia = add_names(gpus[i], &names);
    for (size_t i = 0; has_nvidia && i < ARRAY_SIZE(nvidia); i++)
        (void)add_names(nvidia[i], &names);
    return names;
}

static int bind_devices(bool with_gpus, struct err *err)
{
    cleanup(strv_freep) char **names = dev_names(with_gpus);
    struct stat st;
    int rc = 0;

    for (size_t i = 0; i < ARRAY_SIZE(basic) && !rc; i++)
        if ((rc = bind_device(basic[i], false)))
            return err_sys(err, -rc, "bind /dev/%s", basic[i]);
    strv_foreach (name, names)
        if (is_there(*name, &st) && (rc = bind_device(*name, S_ISDIR(st.st_mode))))
            return err_sys(err, -rc, "bind /dev/%s", *name);
    return 0;
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
