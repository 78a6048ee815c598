/* SPDX-License-Identifier: Apache-2.0
 *
 * cache.c - what a step led to, kept in the store
 *
 *     <store>/cache/steps/<key>    text: "sha256:<hex of a manifest>"
 *
 * The manifest is a whole image, so what keeps an image on disk keeps a step.
 */
#include "build/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/digest.h"
#include "image/paths.h"

static char *step_path(const struct image_store *store, const char *key)
{
    cleanup(freep) char *dir = store_dir(store, STORE_STEPS);

    return xasprintf("%s/%s", dir, key);
}

int cache_find(const struct image_store *store, const char *key,
               char ret_digest[IMAGE_DIGEST_MAX])
{
    cleanup(freep) char *path = step_path(store, key);
    cleanup(freep) char *text = NULL;
    int rc = io_read_file(path, IMAGE_DIGEST_MAX, &text, NULL, NULL);

    if (rc)
        return rc;
    text[strcspn(text, "\n")] = '\0';
    if (!digest_is_valid(text))
        return -ENOENT;
    (void)utimensat(AT_FDCWD, path, NULL, 0);
    memcpy(ret_digest, text, strlen(text) + 1);
    return 0;
}

int cache_put(const struct image_store *store, const char *key, const char *digest,
              struct err *err)
{
    cleanup(freep) char *dir = store_dir(store, STORE_STEPS);
    cleanup(freep) char *path = step_path(store, key);
    cleanup(freep) char *text = xasprintf("%s\n", digest);
    int rc = io_mkdir_p(dir, 0755, err);

    return rc ? rc : io_write_file_atomic(path, text, strlen(text), 0644, err);
}
