/* SPDX-License-Identifier: Apache-2.0
 *
 * rootfs.c - the root file system, step by step
 */
#include "container/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/build.h"

static int set_hostname(struct build *b, struct err *err)
{
    const char *name = b->spec->sandbox ? NULL : b->spec->hostname;

    if (name && sethostname(name, strlen(name)))
        return err_sys(err, errno, "set the host name to %s", name);
    return 0;
}

static int mount_tmpfs(const char *target, const char *mode, uint64_t bytes,
                       struct err *err)
{
    char options[64];
    int n = snprintf(options, sizeof(options), "mode=%s", mode);

    if (bytes)
        (void)snprintf(options + n, sizeof(options) - (size_t)n, ",size=%" PRIu64,
                       bytes);
    if (mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, options))
        return err_sys(err, errno, "mount a tmpfs at %s", target);
    return 0;
}

/* One tmpfs for all that is written. The working directory is in it from here
 * until the overlay stands. */
static int make_scratch(struct build *b, struct err *err)
{
    int rc = mount_tmpfs(b->spec->work_dir, "0755", b->spec->shm_bytes, err);

    if (rc)
        return rc;
    b->scratch = open(b->spec->work_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (b->scratch < 0 || fchdir(b->scratch))
        return err_sys(err, errno, "enter %s", b->spec->work_dir);
    if (mkdir(UPPER, 0755) || mkdir(WORK, 0700) || mkdir(EMPTY, 0555))
        return err_sys(err, errno, "make directories in %s", b->spec->work_dir);
    return 0;
}

/* Take /dev, /tmp and /run out of the overlay: what is written there needs none,
 * and what the image has there is not wanted. */
static int bind_scratch(struct build *b, struct err *err)
{
    static const char *const sources[] = {UPPER "/dev", UPPER "/tmp", UPPER "/run"};
    size_t n = b->spec->image_tmp ? 1 : ARRAY_SIZE(sources);

    for (size_t i = 0; i < n; i++) {
        const char *target = sources[i] + strlen(UPPER "/");
        cleanup(closep) int tree =
            open_tree(b->scratch, sources[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

        if (tree < 0 || move_mount(tree, "", b->root, target, MOVE_MOUNT_F_EMPTY_PATH))
            return err_sys(err, errno, "mount /%s", target);
    }
    return 0;
}

static int mount_proc(struct build *b, struct err *err)
{
    if (mount("proc", b->in_place ? "/proc" : "proc", "proc",
              MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
        return err_sys(err, errno, "mount /proc");
    return 0;
}

static int bind_sys(struct build *b, struct err *err)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                                          MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
    cleanup(closep) int tree =
        open_tree(AT_FDCWD, "/sys", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

    if (tree < 0 ||
        mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) ||
        move_mount(tree, "", b->root, "sys", MOVE_MOUNT_F_EMPTY_PATH))
        return err_sys(err, errno, "mount /sys");
    return 0;
}

/* The old root is stacked on the new one and let go of: no directory for it is
 * needed, and nothing can name it afterwards. */
static int pivot(struct build *b, struct err *err)
{
    if (fchdir(b->root) || syscall(SYS_pivot_root, ".", ".") ||
        umount2(".", MNT_DETACH) || chdir("/"))
        return err_sys(err, errno, "pivot_root");
    return 0;
}

static int enter_node_root(struct build *b, struct err *err)
{
    b->in_place = true;
    b->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (b->root < 0 || chdir("/"))
        return err_sys(err, errno, "enter /");
    return 0;
}

static int mount_shm(struct build *b, struct err *err)
{
    return mount_tmpfs("/dev/shm", "1777", b->spec->shm_bytes, err);
}

/* Control groups are files of root's: a job of root's own could write them, and leave
 * the one that limits it. */
static int seal_groups_in(int root, struct err *err)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    cleanup(closep) int tree = open_tree(
        AT_FDCWD, "/sys/fs/cgroup", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

    if (tree < 0 && errno == ENOENT)
        return 0;
    if (tree < 0 ||
        mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) ||
        move_mount(tree, "", root, "sys/fs/cgroup", MOVE_MOUNT_F_EMPTY_PATH))
        return err_sys(err, errno, "mount /sys/fs/cgroup");
    return 0;
}

static int seal_groups(struct build *b, struct err *err)
{
    return seal_groups_in(b->root, err);
}

typedef int step_fn(struct build *b, struct err *err);

static step_fn *const image_steps[] = {
    set_hostname, mounts_open,   overlay_open,  make_scratch, skeleton_make, links_make,
    etc_prepare,  overlay_mount, bind_scratch,  dev_make,     mount_proc,    bind_sys,
    mask_paths,   etc_bind,      mounts_attach, pivot,
};

/* The mount namespace is already a private copy of the node's. */
static step_fn *const node_steps[] = {
    set_hostname, mounts_open, enter_node_root, mount_proc,
    mount_shm,    seal_groups, mounts_attach,
};

static int mount_own_proc(struct build *b, struct err *err)
{
    (void)b;
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
        return err_sys(err, errno, "mount /proc");
    return 0;
}

/* The job's groups are its limits: a program that moved a job of root's into groups
 * of its own would take it out of them. */
static int keep_from_groups(struct build *b, struct err *err)
{
    cleanup(closep) int root = -1;

    if (access("/sys/fs/cgroup", F_OK))
        return 0;
    if (b->spec->external->hide_cgroups)
        return mount_tmpfs("/sys/fs/cgroup", "0755", 0, err);
    root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? err_sys(err, errno, "/") : seal_groups_in(root, err);
}

/* The layers stand at the work directory; the other program does the rest. */
static step_fn *const external_steps[] = {
    set_hostname, mounts_open, overlay_open,  make_scratch,   skeleton_make,
    links_make,   etc_prepare, overlay_mount, mount_own_proc, keep_from_groups,
};

static void close_all(int *fds, size_t n)
{
    for (size_t i = 0; fds && i < n; i++)
        closep(&fds[i]);
    free(fds);
}

static void build_fini(struct build *b)
{
    close_all(b->layers, b->spec->n_layers);
    close_all(b->sources, b->spec->n_mounts);
    closep(&b->scratch);
    closep(&b->upper);
    closep(&b->work);
    closep(&b->root);
}

static int take_steps(const struct container_spec *spec, step_fn *const *steps,
                      size_t n, struct err *err)
{
    struct build b = {.spec = spec,
                      .scratch = -1,
                      .upper = -1,
                      .work = -1,
                      .root = -1,
                      .uid = spec->external ? spec->external->uid : getuid(),
                      .gid = spec->external ? spec->external->gid : getgid()};
    mode_t old = umask(0);
    int rc = 0;

    for (size_t i = 0; i < n && !rc; i++)
        rc = steps[i](&b, err);
    build_fini(&b);
    (void)umask(old);
    return rc;
}

int rootfs_build(const struct container_spec *spec, struct err *err)
{
    if (spec->n_layers)
        return take_steps(spec, image_steps, ARRAY_SIZE(image_steps), err);
    return take_steps(spec, node_steps, ARRAY_SIZE(node_steps), err);
}

int rootfs_mount_for(const struct container_spec *spec, struct err *err)
{
    return take_steps(spec, external_steps, ARRAY_SIZE(external_steps), err);
}
