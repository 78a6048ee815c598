/* SPDX-License-Identifier: Apache-2.0
 *
 * etc.c - the files of /etc that say who and where the user is
 *
 * getpwuid must find the user (ssh, MPI-IO and Fortran runtimes ask): passwd and
 * group are written in the upper layer, where they hide the image's, and hosts and
 * hostname too. Names must resolve as on the node, also when it changes: resolv.conf
 * is bound, read-only.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "container/build.h"

#define ETC_FILE_MAX (4u << 20)

static void strbuf_finip(struct strbuf *sb)
{
    strbuf_fini(sb);
}

/* The image's file, from the topmost layer that has it; "" when none does. */
static char *read_image_file(const struct build *b, const char *path)
{
    char *text = NULL;

    for (size_t i = 0; i < b->spec->n_layers; i++) {
        cleanup(closep) int fd = resolve_in(b->layers[i], path, O_RDONLY | O_NONBLOCK);
        struct stat st;

        if (fd < 0 && fd != -ENOENT)
            break;
        if (fd < 0)
            continue;
        if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
            io_read_fd(fd, ETC_FILE_MAX, &text, NULL, NULL))
            break;
        return text;
    }
    return xstrdup("");
}

static int write_upper(const struct build *b, const char *path,
                       const struct strbuf *text, struct err *err)
{
    cleanup(closep) int fd = openat(
        b->scratch, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    int rc = fd < 0 ? -errno : io_write_full(fd, text->s, text->len);

    return rc ? err_sys(err, -rc, "write /%s", strchr(path, '/') + 1) : 0;
}

static bool is_field(const char *s)
{
    return s && *s && !strpbrk(s, ":\n");
}

static int write_passwd(const struct build *b, const char *name, struct err *err)
{
    cleanup(strbuf_finip) struct strbuf text = STRBUF_INIT;
    cleanup(freep) char *old = read_image_file(b, "etc/passwd");
    const struct container_spec *spec = b->spec;

    strbuf_printf(&text, "%s:x:%u:%u:%s:%s:%s\n", name, b->uid, b->gid, name,
                  is_field(spec->home) ? spec->home : "/",
                  is_field(spec->shell) ? spec->shell : "/bin/sh");
    strbuf_puts(&text, old);
    return write_upper(b, UPPER "/etc/passwd", &text, err);
}

/* True when a line of 'groups' gives 'gid' a name. */
static bool has_gid(const char *groups, gid_t gid)
{
    for (const char *line = groups; line && *line;) {
        const char *end = strchrnul(line, '\n');
        const char *field = memchr(line, ':', (size_t)(end - line));

        field = field ? memchr(field + 1, ':', (size_t)(end - field - 1)) : NULL;
        if (field && field[1] >= '0' && field[1] <= '9' &&
            strtoul(field + 1, NULL, 10) == gid)
            return true;
        line = *end ? end + 1 : end;
    }
    return false;
}

static int write_group(const struct build *b, const char *name, struct err *err)
{
    cleanup(strbuf_finip) struct strbuf text = STRBUF_INIT;
    cleanup(freep) char *old = read_image_file(b, "etc/group");

    if (!has_gid(old, b->gid))
        strbuf_printf(&text, "%s:x:%u:\n", name, b->gid);
    strbuf_puts(&text, old);
    return write_upper(b, UPPER "/etc/group", &text, err);
}

/* Something else will be seen there, and its place may have been made. */
static bool is_mounted(const struct container_spec *spec, const char *path)
{
    for (size_t i = 0; i < spec->n_mounts; i++)
        if (strcmp(spec->mounts[i].target, path) == 0)
            return true;
    return false;
}

/* The node's hosts are copied, or what the caller has put together; a host name of its
 * own is not the node's to tell. */
static int write_hosts(const struct build *b, struct err *err)
{
    cleanup(strbuf_finip) struct strbuf name = STRBUF_INIT;
    cleanup(strbuf_finip) struct strbuf hosts = STRBUF_INIT;
    cleanup(freep) char *text = NULL;
    const char *file = b->spec->hosts ? b->spec->hosts : "/etc/hosts";
    char node[HOST_NAME_MAX + 1] = "";
    int rc;

    (void)gethostname(node, sizeof(node) - 1);
    strbuf_printf(&name, "%s\n", b->spec->hostname ? b->spec->hostname : node);
    rc = write_upper(b, UPPER "/etc/hostname", &name, err);
    if (rc || is_mounted(b->spec, "/etc/hosts") ||
        io_read_file(file, ETC_FILE_MAX, &text, NULL, NULL))
        return rc;
    strbuf_puts(&hosts, text);
    return write_upper(b, UPPER "/etc/hosts", &hosts, err);
}

/* Who resolves names may change while a job runs. */
#define RESOLVER "/etc/resolv.conf"

int etc_prepare(struct build *b, struct err *err)
{
    const char *name = b->spec->as_root          ? "root"
                       : is_field(b->spec->user) ? b->spec->user
                                                 : "user";
    int rc;

    if (!b->spec->image_etc &&
        ((rc = write_passwd(b, name, err)) || (rc = write_group(b, name, err))))
        return rc;
    rc = write_hosts(b, err);
    if (rc)
        return rc;
    if (!is_mounted(b->spec, RESOLVER) && access(RESOLVER, F_OK) == 0 &&
        mknodat(b->scratch, UPPER RESOLVER, S_IFREG | 0644, 0))
        return err_sys(err, errno, "make " RESOLVER);
    return 0;
}

int etc_bind(struct build *b, struct err *err)
{
    cleanup(closep) int tree = -1;

    if (is_mounted(b->spec, RESOLVER))
        return 0;
    tree = open_tree(AT_FDCWD, RESOLVER, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0 && errno == ENOENT)
        return 0;
    if (tree < 0 || mount_set_readonly(tree) ||
        move_mount(tree, "", b->root, RESOLVER + 1, MOVE_MOUNT_F_EMPTY_PATH))
        return err_sys(err, errno, "bind " RESOLVER);
    return 0;
}
