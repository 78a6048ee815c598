/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture.c - make archives and layouts, also such as nobody should
 */
#include "fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "image/digest.h"
#include "image/oci.h"

#define TAR_MAX (1U << 20)

char *fx_make_dir(void)
{
    char *dir = xstrdup("/tmp/berth-test-XXXXXX");

    if (!mkdtemp(dir))
        fail_msg("no temporary directory");
    return dir;
}

void fx_remove(char *dir)
{
    (void)io_remove_tree(dir, NULL);
    free(dir);
}

const char *fx_path(const char *dir, const char *name)
{
    static char *paths[64];
    static size_t next;

    next = (next + 1) % ARRAY_SIZE(paths);
    free(paths[next]);
    paths[next] = xasprintf("%s/%s", dir, name);
    return paths[next];
}

void fx_write(const char *path, const void *bytes, size_t len)
{
    struct err err;

    if (io_write_file_atomic(path, bytes, len, 0644, &err) < 0)
        fail_msg("%s", err.text);
}

char *fx_read(const char *path)
{
    struct err err;
    char *text = NULL;

    if (io_read_file(path, TAR_MAX, &text, NULL, &err) < 0)
        fail_msg("%s", err.text);
    return text;
}

int fx_entries(const char *dir, const char *name)
{
    cleanup(freep) char *command = xasprintf("ls -A '%s/%s' | wc -l", dir, name);
    FILE *out = popen(command, "r");
    int n = -1;

    assert_non_null(out);
    assert_int_equal(fscanf(out, "%d", &n), 1);
    (void)pclose(out);
    return n;
}

static void add_entry(struct archive *a, const struct fx_entry *e)
{
    struct archive_entry *entry = archive_entry_new();
    size_t len = e->type == 'f' && e->text ? strlen(e->text) : 0;
    bool is_attribute = e->type == 'x' || e->type == 'X';
    bool is_dir = e->type == 'd' || e->type == 'X';
    unsigned int type = is_dir           ? AE_IFDIR
                        : e->type == 'l' ? AE_IFLNK
                        : e->type == 'c' ? AE_IFCHR
                        : e->type == 'p' ? AE_IFIFO
                                         : AE_IFREG;

    archive_entry_set_pathname(entry, e->path);
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, e->mode ? e->mode : is_dir ? 0755 : 0644);
    archive_entry_set_size(entry, (la_int64_t)len);
    archive_entry_set_mtime(entry, 1000000000, is_attribute ? 123456789 : 0);
    if (is_attribute)
        archive_entry_xattr_add_entry(entry, e->text, "v", 1);
    archive_entry_set_uid(entry, 4711);
    if (e->type == 'l')
        archive_entry_set_symlink(entry, e->text);
    if (e->type == 'h')
        archive_entry_set_hardlink(entry, e->text);
    assert_true(archive_write_header(a, entry) >= ARCHIVE_WARN);
    if (len)
        assert_int_equal(archive_write_data(a, e->text, len), len);
    archive_entry_free(entry);
}

struct fx_bytes fx_tar(const struct fx_entry *entries, const char *filter)
{
    struct fx_bytes tar = {.bytes = xmalloc(TAR_MAX)};
    struct archive *a = archive_write_new();

    (void)archive_write_set_format_pax_restricted(a);
    (void)archive_write_set_options(a, "hdrcharset=BINARY,xattrheader=SCHILY");
    if (*filter)
        assert_int_equal(archive_write_add_filter_by_name(a, filter), ARCHIVE_OK);
    /* The same entries give the same bytes, whatever the time. */
    if (strcmp(filter, "gzip") == 0)
        assert_int_equal(archive_write_set_filter_option(a, "gzip", "timestamp", NULL),
                         ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(a, tar.bytes, TAR_MAX, &tar.len),
                     ARCHIVE_OK);
    for (; entries->type; entries++)
        add_entry(a, entries);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    (void)archive_write_free(a);
    return tar;
}

const char *fx_write_tar(const char *dir, const char *name,
                         const struct fx_entry *entries, const char *filter)
{
    struct fx_bytes tar = fx_tar(entries, filter);
    const char *path = fx_path(dir, name);

    fx_write(path, tar.bytes, tar.len);
    free(tar.bytes);
    return path;
}

struct fx_layer fx_layer(const struct fx_entry *entries, const char *filter)
{
    struct fx_bytes plain = fx_tar(entries, "");
    struct fx_layer layer = {.blob = fx_tar(entries, filter)};

    digest_of(plain.bytes, plain.len, layer.diff_id);
    digest_of(layer.blob.bytes, layer.blob.len, layer.digest);
    free(plain.bytes);
    return layer;
}

void fx_layer_fini(struct fx_layer *layer)
{
    free(layer->blob.bytes);
}

static void put_blob(const char *dir, const char *bytes, size_t len,
                     char digest[IMAGE_DIGEST_MAX])
{
    cleanup(freep) char *path = NULL;

    digest_of(bytes, len, digest);
    path = xasprintf("%s/blobs/sha256/%s", dir, digest_hex(digest));
    fx_write(path, bytes, len);
}

static void put_config(const char *dir, const struct fx_layer *layers, size_t n,
                       const char *arch, struct strbuf *manifest)
{
    struct strbuf sb = STRBUF_INIT;
    char digest[IMAGE_DIGEST_MAX];

    strbuf_printf(&sb,
                  "{\"architecture\":\"%s\",\"os\":\"linux\","
                  "\"created\":\"2024-02-03T04:05:06.789Z\","
                  "\"config\":{\"Env\":[\"PATH=/bin\",\"X=1\"],\"Cmd\":[\"sh\"],"
                  "\"Entrypoint\":[\"/init\"],\"WorkingDir\":\"/srv\","
                  "\"StopSignal\":\"SIGQUIT\"},"
                  "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[",
                  arch ? arch : oci_machine());
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&sb, "%s\"%s\"", i ? "," : "", layers[i].diff_id);
    strbuf_puts(&sb, "]}}");
    put_blob(dir, sb.s, sb.len, digest);
    strbuf_printf(manifest, "\"config\":{\"digest\":\"%s\",\"size\":%zu},", digest,
                  sb.len);
    strbuf_fini(&sb);
}

void fx_layout(const char *dir, const struct fx_layer *layers, size_t n,
               const char *arch)
{
    struct strbuf sb = STRBUF_INIT;
    char digest[IMAGE_DIGEST_MAX];
    cleanup(freep) char *index = NULL;

    assert_int_equal(io_mkdir_p(fx_path(dir, "blobs/sha256"), 0755, NULL), 0);
    fx_write(fx_path(dir, "oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
    strbuf_puts(&sb, "{\"schemaVersion\":2,");
    put_config(dir, layers, n, arch, &sb);
    strbuf_puts(&sb, "\"layers\":[");
    for (size_t i = 0; i < n; i++) {
        put_blob(dir, layers[i].blob.bytes, layers[i].blob.len, digest);
        strbuf_printf(&sb, "%s{\"digest\":\"%s\",\"size\":%zu}", i ? "," : "",
                      layers[i].digest, layers[i].blob.len);
    }
    strbuf_puts(&sb, "]}");
    put_blob(dir, sb.s, sb.len, digest);
    index = xasprintf(
        "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"%s\",\"size\":%zu}]}",
        digest, sb.len);
    fx_write(fx_path(dir, "index.json"), index, strlen(index));
    strbuf_fini(&sb);
}
