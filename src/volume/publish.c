/* SPDX-License-Identifier: Apache-2.0
 *
 * publish.c - a new directory beside, a link over
 */
#include "volume/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "volume/below.h"

#define DATA_LINK "..data"
#define DATA_NEW "..data_new"

/* ---------------------------------------------------------------- comparing */

static bool is_same_file(int data, const struct payload_file *file)
{
    cleanup(closep) int fd = below_open(data, file->path, O_RDONLY | O_NOFOLLOW);
    cleanup(freep) char *bytes = NULL;
    struct stat st;
    bool is_same;
    size_t len;

    if (fd < 0 || fstat(fd, &st) || (size_t)st.st_size != file->len ||
        (st.st_mode & 07777) != file->mode ||
        io_read_fd(fd, file->len + 1, &bytes, &len, NULL))
        return false;
    is_same = len == file->len && memcmp(bytes, file->bytes, len) == 0;
    explicit_bzero(bytes, len);
    return is_same;
}

static bool is_same(int dir, const struct published *published,
                    const struct payload *payload)
{
    cleanup(closep) int data = -1;

    if (!published->is_there || published->n_files != payload->n)
        return false;
    data = openat(dir, DATA_LINK, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; data >= 0 && i < payload->n; i++)
        if (!is_same_file(data, &payload->files[i]))
            return false;
    return data >= 0;
}

/* ------------------------------------------------------------------ writing */

static int write_file(int data, const struct payload_file *file, struct err *err)
{
    cleanup(freep) char *parent = xstrdup(file->path);
    char *slash = strrchr(parent, '/');
    cleanup(closep) int fd = -1;
    int rc = 0;

    if (slash) {
        *slash = '\0';
        rc = below_make(data, parent, true);
    }
    if (!rc)
        fd = openat(data, file->path,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (!rc && fd < 0)
        rc = -errno;
    if (!rc)
        rc = io_write_full(fd, file->bytes, file->len);
    if (!rc && fchmod(fd, file->mode))
        rc = -errno;
    return rc ? err_sys(err, -rc, "write %s", file->path) : 0;
}

static int write_all(int dir, const char *name, const struct payload *payload,
                     struct err *err)
{
    cleanup(closep) int data = -1;
    int rc = 0;

    if (mkdirat(dir, name, 0755))
        return err_sys(err, errno, "make %s", name);
    data = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (data < 0)
        return err_sys(err, errno, "open %s", name);
    for (size_t i = 0; !rc && i < payload->n; i++)
        rc = write_file(data, &payload->files[i], err);
    return rc;
}

static int turn_over(int dir, const char *name, struct err *err)
{
    (void)unlinkat(dir, DATA_NEW, 0);
    if (symlinkat(name, dir, DATA_NEW) || renameat(dir, DATA_NEW, dir, DATA_LINK))
        return err_sys(err, errno, "show %s", name);
    return 0;
}

/* -------------------------------------------------------------------- links */

static char *first_part(const char *path)
{
    return xstrndup(path, strcspn(path, "/"));
}

static int add_links(int dir, const struct payload *payload, struct err *err)
{
    for (size_t i = 0; i < payload->n; i++) {
        cleanup(freep) char *name = first_part(payload->files[i].path);
        cleanup(freep) char *target = xasprintf(DATA_LINK "/%s", name);

        if (symlinkat(target, dir, name) && errno != EEXIST)
            return err_sys(err, errno, "link %s", name);
    }
    return 0;
}

static bool is_wanted(const struct payload *payload, const char *name)
{
    for (size_t i = 0; i < payload->n; i++) {
        const char *path = payload->files[i].path;
        size_t len = strcspn(path, "/");

        if (strlen(name) == len && strncmp(path, name, len) == 0)
            return true;
    }
    return false;
}

static void drop_links(int dir, const struct payload *payload)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;

    while (d && (entry = readdir(d)))
        if (entry->d_type == DT_LNK && strncmp(entry->d_name, "..", 2) != 0 &&
            !is_wanted(payload, entry->d_name))
            (void)unlinkat(dir, entry->d_name, 0);
    if (d)
        (void)closedir(d);
}

static void drop_data(int dir, unsigned int n)
{
    cleanup(freep) char *path = xasprintf("/proc/self/fd/%d/..DATA_%u", dir, n);

    (void)io_remove_tree(path, NULL);
}

int publish(int dir, struct published *published, const struct payload *payload,
            struct err *err)
{
    unsigned int n = published->n + 1;
    cleanup(freep) char *name = xasprintf("..DATA_%u", n);
    mode_t old;
    int rc;

    if (is_same(dir, published, payload))
        return 0;
    old = umask(022);
    drop_data(dir, n); /* of a try that failed */
    rc = write_all(dir, name, payload, err);
    if (!rc)
        rc = turn_over(dir, name, err);
    (void)umask(old);
    if (rc) {
        drop_data(dir, n);
        return rc;
    }
    *published = (struct published){.n = n, .n_files = payload->n, .is_there = true};
    rc = add_links(dir, payload, err);
    drop_links(dir, payload);
    if (n > 2)
        drop_data(dir, n - 2);
    return rc ? rc : 1;
}
