/* SPDX-License-Identifier: Apache-2.0
 *
 * import_squashfs.c - a squashfs, alone or in a SIF file, becomes an image
 */
#include "image/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/paths.h"
#include "image/sif.h"
#include "image/squashfs.h"

#define TEXT_MAX (1U << 20)

static int import_at(struct importer *im, int fd, uint64_t offset,
                     import_config_fn *make_config, void *ctx, struct err *err)
{
    struct layer_source source = import_layer_source(im, "root file system");
    struct squashfs_tar *tar;
    struct err read = {0};
    int r = squashfs_tar_start(fd, offset, &tar, &source.fd, err);
    int done;

    if (r < 0)
        return r;
    r = import_rootfs(im, source, make_config, ctx, err);
    (void)close(source.fd);
    done = squashfs_tar_finish(tar, &read);
    /* When reading stopped first, unpacking only saw an early end. */
    if (done < 0 && read.code != EIO)
        return err_set(err, read.code, "%s", read.text);
    return r;
}

int import_squashfs(struct importer *im, int fd, struct err *err)
{
    return import_at(im, fd, 0, import_plain_config, NULL, err);
}

/* The texts of a SIF file, for its configuration. */
struct texts {
    const struct importer *im;
    const char *arch;
    char *deffile, *labels;
};

static char *read_text(int fd, const struct sif_part *part)
{
    cleanup(freep) char *text = NULL;

    if (!part->size || part->size > TEXT_MAX)
        return NULL;
    text = xcalloc(1, (size_t)part->size + 1);
    if (pread(fd, text, (size_t)part->size, (off_t)part->offset) != (ssize_t)part->size)
        return NULL;
    return take(text);
}

static char *sif_config(const char *diff_id, void *ctx)
{
    const struct texts *texts = ctx;
    cleanup(freep) char *layer = store_layer_path(texts->im->store, diff_id);
    cleanup(freep) char *script = xasprintf("%s/.singularity.d/runscript", layer);

    return sif_make_config(diff_id, texts->arch, texts->deffile, texts->labels,
                           faccessat(AT_FDCWD, script, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

int import_sif(struct importer *im, int fd, const void *head, size_t len,
               uint64_t file_size, struct err *err)
{
    struct texts texts = {.im = im};
    struct sif sif;
    int r = sif_parse(head, len, file_size, &sif, err);

    if (r == 0)
        r = import_check_platform(im, "linux", sif.arch, err);
    if (r < 0)
        return r;
    texts.arch = sif.arch;
    texts.deffile = read_text(fd, &sif.deffile);
    texts.labels = read_text(fd, &sif.labels);
    r = import_at(im, fd, sif.rootfs.offset, sif_config, &texts, err);
    free(texts.deffile);
    free(texts.labels);
    return r;
}
