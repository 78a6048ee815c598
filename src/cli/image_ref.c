/* SPDX-License-Identifier: Apache-2.0
 *
 * image_ref.c - from the name of an image to its digest and store
 */
#include "cli/image_ref.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "cli/job_args.h"
#include "config/config.h"
#include "image/store.h"

/* 'pattern' with "%h" replaced by the home directory. */
static char *expand_home(const char *pattern)
{
    const struct passwd *pw = getpwuid(getuid());
    const char *home = pw ? pw->pw_dir : getenv("HOME");
    struct strbuf sb = STRBUF_INIT;

    for (const char *p = pattern; *p; p++) {
        if (p[0] == '%' && p[1] == 'h') {
            strbuf_puts(&sb, home ? home : "");
            p++;
        } else {
            strbuf_putc(&sb, *p);
        }
    }
    return strbuf_take(&sb);
}

/* Look in one store. A store that is not there has no images. */
static int look_in(const char *path, Berth__ContainerSpec *container, struct err *err)
{
    struct image_store *store;
    cleanup(image_freep) struct image *image = NULL;
    int rc = image_store_open(path, false, &store, err);

    if (rc < 0)
        return rc;
    rc = image_lookup(store, container->image, &image, err);
    image_store_close(store);
    if (rc < 0)
        return rc;
    spec_take_string(&container->image_digest, xstrdup(image->digest));
    spec_take_string(&container->image_store, xstrdup(path));
    return 0;
}

static int look_in_both(const struct config *config, Berth__ContainerSpec *container,
                        struct err *err)
{
    cleanup(freep) char *own = NULL;
    struct err site_err = {0};
    int rc = -ENOENT, site_rc;

    *err = (struct err){0};
    if (config->image.user_store) {
        own = expand_home(config->image.user_store);
        rc = look_in(own, container, err);
        if (rc != -ENOENT)
            return rc;
    }
    site_rc = config->image.store ? look_in(config->image.store, container, &site_err)
                                  : -ENOENT;
    if (site_rc == 0 || site_rc != -ENOENT) {
        *err = site_err;
        return site_rc;
    }
    /* Keep the words that suggest a name; a missing store has none. */
    if (strstr(site_err.text, "did you mean"))
        *err = site_err;
    if (!strstr(err->text, "did you mean"))
        err_set(err, ENOENT, "there is no image %s ('berth image ls' lists them)",
                container->image);
    return rc;
}

int image_ref_resolve(const char *config_path, Berth__ContainerSpec *container,
                      struct err *err)
{
    cleanup(config_freep) struct config *config = NULL;
    cleanup(freep) char *path = NULL;
    struct err words;
    int rc;

    if (container->image[0] == '\0')
        return 0;
    rc = config_find(config_path, &path, &words);
    if (rc == -ENOENT && !config_path)
        return err_set(err, ENODATA, "%s", words.text);
    if (rc == 0)
        rc = config_load(path, &config, &words);
    if (rc == 0)
        rc = look_in_both(config, container, &words);
    if (rc < 0 && err)
        *err = words;
    return rc;
}
