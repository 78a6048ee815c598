/* SPDX-License-Identifier: Apache-2.0
 *
 * export.c - write an image in the form that is asked for, whole or not at all
 */
#include "image/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/ref.h"
#include "image/store.h"

static void exported_fini(struct exported *x)
{
    free(x->manifest_text);
    free(x->config_text);
    oci_manifest_fini(&x->manifest);
    oci_config_fini(&x->config);
}

static int load(struct image_store *store, struct exported *x, struct err *err)
{
    int r = image_documents(store, x->image, &x->manifest_text, &x->config_text, err);

    if (r == 0)
        r = oci_parse_manifest(x->manifest_text, strlen(x->manifest_text), &x->manifest,
                               err);
    if (r == 0)
        r = oci_parse_config(x->config_text, strlen(x->config_text), &x->config, err);
    return r;
}

static int write_bundle(const struct exported *x, enum image_format format,
                        struct sink *sink, struct err *err)
{
    return format == IMAGE_DOCKER_ARCHIVE ? export_docker(x, sink, err)
                                          : export_layout(x, sink, err);
}

static int write_to(const struct exported *x, enum image_format format, int out,
                    struct err *err)
{
    cleanup(sink_closep) struct sink *sink = NULL;
    int r;

    if (format == IMAGE_TAR)
        return export_tar(x->image, out, err);
    r = sink_of_tar(out, &sink, err);
    return r < 0 ? r : write_bundle(x, format, sink, err);
}

/* Beside, then renamed: a file that is there is replaced by a whole one. */
static int write_file(const struct exported *x, enum image_format format,
                      const char *path, struct err *err)
{
    cleanup(freep) char *part = xasprintf("%s.part-%d", path, (int)getpid());
    cleanup(closep) int out = -1;
    int r;

    (void)unlink(part);
    if (format == IMAGE_SQUASHFS) {
        r = export_squashfs(x->image, part, err);
    } else {
        out = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        r = out < 0 ? err_sys(err, errno, "cannot write %s", path)
                    : write_to(x, format, out, err);
    }
    if (r == 0 && rename(part, path) < 0)
        r = err_sys(err, errno, "cannot write %s", path);
    if (r < 0)
        (void)unlink(part);
    return r;
}

static int write_dir(const struct exported *x, enum image_format format,
                     const char *path, struct err *err)
{
    cleanup(sink_closep) struct sink *sink = NULL;
    int r;

    /* One that is empty will do, as mkdir before the export. */
    if (mkdir(path, 0755) < 0 &&
        (errno != EEXIST || rmdir(path) < 0 || mkdir(path, 0755) < 0))
        return err_sys(err, errno, "cannot write into %s", path);
    if (format == IMAGE_DIR) {
        r = export_dir(x->image, path, err);
    } else {
        r = sink_of_dir(path, &sink, err);
        if (r == 0)
            r = write_bundle(x, format, sink, err);
    }
    if (r < 0)
        (void)io_remove_tree(path, NULL);
    return r;
}

static int write_image(const struct exported *x, enum image_format format,
                       const char *path, struct err *err)
{
    switch (format) {
    case IMAGE_OCI_LAYOUT:
    case IMAGE_DIR:
        if (!path)
            return err_set(err, EINVAL, "a directory needs a name (--output)");
        return write_dir(x, format, path, err);
    case IMAGE_SQUASHFS:
        if (!path)
            return err_set(err, EINVAL, "a squashfs needs a name (--output)");
        return write_file(x, format, path, err);
    case IMAGE_OCI_ARCHIVE:
    case IMAGE_DOCKER_ARCHIVE:
    case IMAGE_TAR:
        break;
    }
    return path ? write_file(x, format, path, err)
                : write_to(x, format, STDOUT_FILENO, err);
}

__attribute__((visibility("default"))) int image_export(struct image_store *store,
                                                        struct image *image,
                                                        enum image_format format,
                                                        const char *path,
                                                        struct err *err)
{
    cleanup(exported_fini) struct exported x = {
        .store = store, .image = image, .name = image->name};
    /* What has no name is called by its digest's beginning. */
    cleanup(freep) char *number =
        xasprintf("%.12s:latest", strchr(image->digest, ':') + 1);
    int r = load(store, &x, err);

    if (strncmp(image->name, "sha256:", 7) == 0)
        x.name = number;
    if (r == 0)
        r = image_hold(image, err);
    return r < 0 ? r : write_image(&x, format, path, err);
}
