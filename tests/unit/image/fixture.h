/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture.h - archives, layouts and stores made for one test
 */
#ifndef BERTH_TESTS_IMAGE_FIXTURE_H
#define BERTH_TESTS_IMAGE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "image/store.h"

/* One entry of an archive. */
struct fx_entry {
    char type; /* f d l(ink) h(ard link) c(har device) p(ipe) */
    const char *path;
    const char *text;  /* content, or target */
    unsigned int mode; /* 0: 0644, directories 0755 */
};

struct fx_bytes {
    char *bytes;
    size_t len;
};

/* A temporary directory; the caller frees the name, fx_remove the tree. */
char *fx_make_dir(void);
void fx_remove(char *dir);

/* "<dir>/<name>", in memory that lives until the program ends. */
const char *fx_path(const char *dir, const char *name);
void fx_write(const char *path, const void *bytes, size_t len);
/* The file as text; fails the test when it is not there. */
char *fx_read(const char *path);
/* How many names the directory "<dir>/<name>" has. */
int fx_entries(const char *dir, const char *name);

/* A tar of 'entries' (ended by type 0). 'filter': "", "gzip", "zstd" or "xz". */
struct fx_bytes fx_tar(const struct fx_entry *entries, const char *filter);

/* The same as the file "<dir>/<name>", whose path is returned (see fx_path). */
const char *fx_write_tar(const char *dir, const char *name,
                         const struct fx_entry *entries, const char *filter);

/* A layer of a layout, as its maker describes it. */
struct fx_layer {
    struct fx_bytes blob;
    char digest[IMAGE_DIGEST_MAX], diff_id[IMAGE_DIGEST_MAX];
};
struct fx_layer fx_layer(const struct fx_entry *entries, const char *filter);
void fx_layer_fini(struct fx_layer *layer);

/* Write an OCI layout of 'layers' below 'dir'; 'arch' NULL: this machine's. */
void fx_layout(const char *dir, const struct fx_layer *layers, size_t n,
               const char *arch);

#endif
