/* SPDX-License-Identifier: Apache-2.0
 *
 * host_libraries.c - the node's libraries in place of an image's (--host-mpi)
 *
 * Before anything is mounted: what the image has is looked up in its layers.
 */
#include "shepherd/host_libraries.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "image/overlaid.h"
#include "shepherd/elf_library.h"

#define LIBC "libc.so.6"

struct library {
    struct elf_library elf;
    char *path; /* the file's own, behind links */
};

/* What one set is held against. */
struct inside {
    struct overlaid overlaid;
    char **dirs; /* where the loader looks, by its order */
    bool has_libc;
    struct library libc;
};

static void inside_fini(struct inside *inside)
{
    strv_free(inside->dirs);
    free(inside->libc.path);
}

static void library_fini(struct library *library)
{
    free(library->path);
    library->path = NULL;
}

/* ----------------------------------------------------------------- choice */

static int no_such_set(const Berth__Assignment *assignment, const char *wanted,
                       struct err *err)
{
    size_t n = assignment->n_host_libraries;
    cleanup(freep) const char **names = xcalloc(n + 1, sizeof(*names));
    const char *near;

    for (size_t i = 0; i < n; i++)
        names[i] = assignment->host_libraries[i]->name;
    near = nearest_name(wanted, names, n);
    if (n == 0)
        return err_set(err, ENOENT,
                       "--host-mpi: node %s has no libraries for containers "
                       "(container.host_libraries)",
                       assignment->node_name);
    return err_set(err, ENOENT,
                   "--host-mpi=%.64s: node %s has no such libraries, %s '%s'%s", wanted,
                   assignment->node_name, near ? "did you mean" : "it has",
                   near ? near : names[0], near ? "?" : "");
}

int host_libraries_choose(const Berth__Assignment *assignment, const char *wanted,
                          const Berth__HostLibraries **ret, struct err *err)
{
    bool is_any = strcmp(wanted, "*") == 0;

    for (size_t i = 0; i < assignment->n_host_libraries; i++) {
        *ret = assignment->host_libraries[i];
        if (is_any || strcmp((*ret)->name, wanted) == 0)
            return 0;
    }
    return no_such_set(assignment, wanted, err);
}

/* ---------------------------------------------------------------- reading */

static int read_elf(int fd, struct elf_library *ret, struct err *err)
{
    struct stat st;
    void *bytes;
    int rc;

    if (fstat(fd, &st))
        return err_sys(err, errno, "cannot be read");
    if (!S_ISREG(st.st_mode) || st.st_size <= 0)
        return err_set(err, ENOEXEC, "is no ELF file");
    bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return err_sys(err, errno, "cannot be read");
    rc = elf_library_read(bytes, (size_t)st.st_size, ret, err);
    (void)munmap(bytes, (size_t)st.st_size);
    return rc;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static int read_host(const char *path, struct library *ret, struct err *err)
{
    cleanup(closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const char *name = base_name(path);
    int rc =
        fd < 0 ? err_sys(err, errno, "cannot be read") : read_elf(fd, &ret->elf, err);

    if (rc)
        return err_wrap(err, "the node's %s", path);
    ret->path = realpath(path, NULL);
    if (!ret->path)
        return err_sys(err, errno, "the node's %s", path);
    if (!ret->elf.soname[0])
        (void)snprintf(ret->elf.soname, sizeof(ret->elf.soname), "%s", name);
    return 0;
}

/* 0 with 'path' NULL in '*ret': the image has none. */
static int read_inside(const struct inside *inside, const char *name,
                       struct library *ret, struct err *err)
{
    strv_foreach (dir, inside->dirs) {
        cleanup(freep) char *path = xasprintf("%s/%s", *dir, name);
        cleanup(closep) int fd = -1;
        mode_t mode;
        int rc;

        ret->path = overlaid_resolve(&inside->overlaid, path, &mode);
        if (!ret->path)
            continue;
        fd = overlaid_open(&inside->overlaid, ret->path);
        rc =
            fd < 0 ? err_sys(err, -fd, "cannot be read") : read_elf(fd, &ret->elf, err);
        return rc ? err_wrap(err, "the image's %s", path) : 0;
    }
    return 0;
}

/* Directories that the image names itself, those of its distribution, and of others. */
static char **loader_dirs(const struct image *image)
{
    static const char *const others[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib",
                                         "/usr/local/lib"};
    const char *own = strv_getenv(image->env, "LD_LIBRARY_PATH");
    char **dirs = own ? strv_split(own, ":") : NULL;
    struct utsname machine;

    if (uname(&machine) == 0) {
        const char *name =
            strcmp(machine.machine, "ppc64le") ? machine.machine : "powerpc64le";

        strv_take(&dirs, xasprintf("/lib/%s-linux-gnu", name));
        strv_take(&dirs, xasprintf("/usr/lib/%s-linux-gnu", name));
    }
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        strv_add(&dirs, others[i]);
    return dirs;
}

static int look_inside(const struct image *image, struct inside *ret, struct err *err)
{
    int rc;

    ret->overlaid = (struct overlaid){.layers = (const char *const *)image->layers,
                                      .n_layers = image->n_layers};
    ret->dirs = loader_dirs(image);
    rc = read_inside(ret, LIBC, &ret->libc, err);
    ret->has_libc = ret->libc.path != NULL;
    return rc;
}

/* ----------------------------------------------------------------- checks */

/* "40.30.4" of "libmpi.so.40.30.4"; "": it tells none. */
static const char *version_of(const char *path)
{
    const char *so = strstr(base_name(path), ".so.");

    return so ? so + strlen(".so.") : "";
}

/* By as many numbers as both have. */
static bool is_older(const char *a, const char *b)
{
    while (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
        char *a_end, *b_end;
        unsigned long x = strtoul(a, &a_end, 10), y = strtoul(b, &b_end, 10);

        if (x != y)
            return x < y;
        a = a_end + (*a_end == '.');
        b = b_end + (*b_end == '.');
    }
    return false;
}

static int check_version(const struct library *host, const struct library *own,
                         struct err *err)
{
    const char *host_version = version_of(host->path), *version = version_of(own->path);

    if (host->elf.machine != own->elf.machine)
        return err_set(err, ENOEXEC,
                       "%s: the node's is for another processor (ELF machine %u) than "
                       "the image's (%u)",
                       host->elf.soname, host->elf.machine, own->elf.machine);
    if (own->elf.soname[0] && strcmp(own->elf.soname, host->elf.soname) != 0)
        return err_set(err, ENOEXEC,
                       "the node's library is %s, the image's is %s: they are not "
                       "compatible",
                       host->elf.soname, own->elf.soname);
    if (is_older(host_version, version))
        return err_set(err, ENOEXEC,
                       "%s: the node's version %s is older than the image's %s, whose "
                       "programs may need more",
                       host->elf.soname, host_version, version);
    return 0;
}

static int check_glibc(const struct library *host, const struct inside *inside,
                       struct err *err)
{
    struct glibc_version needs = host->elf.needs, has = inside->libc.elf.has;

    if (!needs.major)
        return 0;
    if (!inside->has_libc)
        return err_set(err, ENOEXEC,
                       "%s: the node's needs GLIBC_%u.%u, and the image has no glibc "
                       "(" LIBC ")",
                       host->elf.soname, needs.major, needs.minor);
    if (glibc_compare(needs, has) > 0)
        return err_set(err, ENOEXEC,
                       "%s: the node's needs GLIBC_%u.%u, the image's " LIBC
                       " has no more than GLIBC_%u.%u",
                       host->elf.soname, needs.major, needs.minor, has.major,
                       has.minor);
    return 0;
}

/* The first by name of the files in 'dir' that begin with 'stem'; NULL: there are
 * none. The caller frees it. */
static char *find_other(const struct inside *inside, const char *dir, const char *stem)
{
    mode_t mode;
    cleanup(freep) char *real = overlaid_resolve(&inside->overlaid, dir, &mode);
    cleanup(strv_freep) char **names =
        real ? overlaid_names(&inside->overlaid, real, stem) : NULL;
    char *best = NULL;

    strv_foreach (name, names) {
        char *path = xasprintf("%s/%s", dir, *name);
        cleanup(freep) char *file = overlaid_resolve(&inside->overlaid, path, &mode);

        if (file && (!best || strcmp(path, best) < 0)) {
            free(best);
            best = path;
        } else {
            free(path);
        }
    }
    return best;
}

/* The first library is not there by its name: is there one of another version? */
static int no_such_library(const struct library *host, const struct inside *inside,
                           struct err *err)
{
    const char *soname = host->elf.soname, *so = strstr(soname, ".so.");
    cleanup(freep) char *stem =
        so ? xstrndup(soname, (size_t)(so - soname) + strlen(".so.")) : xstrdup(soname);

    strv_foreach (dir, inside->dirs) {
        cleanup(freep) char *other = find_other(inside, *dir, stem);

        if (other)
            return err_set(err, ENOEXEC,
                           "the node's library is %s, the image has %s: another major "
                           "version is not compatible",
                           soname, other);
    }
    return err_set(err, ENOENT,
                   "the image has no %s in the directories where programs look for "
                   "libraries",
                   soname);
}

/* ----------------------------------------------------------------- mounts */

/* For a library that the image lacks. NULL: it has no directory for them. */
static char *place_for(const struct inside *inside, const char *soname)
{
    strv_foreach (dir, inside->dirs) {
        mode_t mode;
        cleanup(freep) char *real = overlaid_resolve(&inside->overlaid, *dir, &mode);

        if (real && S_ISDIR(mode))
            return xasprintf("%s/%s", real, soname);
    }
    return NULL;
}

static int mount_library(const char *path, bool is_first, const struct inside *inside,
                         struct mounts *mounts, struct err *err)
{
    cleanup(library_fini) struct library host = {.path = NULL}, own = {.path = NULL};
    char *target;
    int rc = read_host(path, &host, err);

    if (!rc)
        rc = read_inside(inside, host.elf.soname, &own, err);
    if (!rc && !own.path && is_first)
        rc = no_such_library(&host, inside, err);
    if (!rc && own.path)
        rc = check_version(&host, &own, err);
    if (!rc)
        rc = check_glibc(&host, inside, err);
    if (rc)
        return rc;
    target = own.path ? take(own.path) : place_for(inside, host.elf.soname);
    if (!target)
        return err_set(err, ENOENT, "the image has no directory for %s",
                       host.elf.soname);
    strv_take(&mounts->own, target);
    mounts_append(mounts, (struct bind_mount){.source = path,
                                              .target = target,
                                              .readonly = true,
                                              .origin = "--host-mpi"});
    return 0;
}

int host_libraries_mount(const Berth__HostLibraries *set, const struct image *image,
                         struct mounts *mounts, struct err *err)
{
    cleanup(inside_fini) struct inside inside = {.dirs = NULL};
    int rc = image ? look_inside(image, &inside, err)
                   : err_set(err, EINVAL, "there is no image: add --image");

    for (size_t i = 0; i < set->n_libraries && !rc; i++)
        rc = mount_library(set->libraries[i], i == 0, &inside, mounts, err);
    return rc ? err_wrap(err, "--host-mpi=%s", set->name) : 0;
}
