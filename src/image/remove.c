/* SPDX-License-Identifier: Apache-2.0
 *
 * remove.c - give images further names, and forget names
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/mem.h"
#include "image/commit.h"
#include "image/paths.h"
#include "image/ref.h"

/* The lookup gives the words for a name that is not there. */
static int check_exists(struct image_store *store, const char *path, const char *ref,
                        struct err *err)
{
    struct image *image = NULL;
    int r;

    if (access(path, F_OK) == 0)
        return 0;
    r = image_lookup(store, ref, &image, err);
    image_free(image);
    return r;
}

int image_remove(struct image_store *store, const char *ref, struct err *err)
{
    cleanup(freep) char *name = NULL, *path = NULL;
    cleanup(closep) int lock = -1;
    int r = ref_normalise(ref, &name, err);

    if (r < 0)
        return r;
    path = store_ref_path(store, name);
    r = check_exists(store, path, ref, err);
    if (r == 0)
        r = store_lock(store, LOCK_EX, &lock, err);
    if (r < 0)
        return r;
    if (unlink(path) < 0)
        return err_sys(err, errno, "cannot remove image %s", name);
    store_clear_tmp(store);
    return store_collect(store, err);
}

int image_tag(struct image_store *store, const char *ref, const char *name,
              struct err *err)
{
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *full = NULL;
    cleanup(closep) int lock = -1;
    int r = ref_normalise(name, &full, err);

    if (r == 0)
        r = store_lock(store, LOCK_SH, &lock, err);
    /* Under the lock: a removal must not come between. */
    if (r == 0)
        r = image_lookup(store, ref, &image, err);
    return r < 0 ? r : commit_name(store, lock, full, image->digest, err);
}
