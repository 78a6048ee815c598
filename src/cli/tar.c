/* SPDX-License-Identifier: Apache-2.0
 *
 * tar.c - headers of tar streams: ustar, with pax and GNU records for what is long
 *
 *     0 name 100 mode 108 uid 116 gid 124 size 136 mtime 148 sum 156 type 157 link
 *     257 "ustar" 263 "00" 345 prefix 500
 */
#include "cli/tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"

#define OCTAL_MAX 077777777777ull

void tar_entry_fini(struct tar_entry *entry)
{
    free(entry->name);
    free(entry->link);
    *entry = (struct tar_entry){0};
}

/* ------------------------------------------------------------------- write */

static unsigned int sum_of(const uint8_t block[TAR_BLOCK])
{
    unsigned int sum = 8 * ' ';

    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i >= 148 && i < 156 ? 0 : block[i];
    return sum;
}

static void put_octal(char *field, int digits, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%0*" PRIo64, digits, value);
    memcpy(field, text, (size_t)digits);
}

static void put_text(char *field, size_t size, const char *text)
{
    size_t len = strlen(text);

    memcpy(field, text, len < size ? len : size);
}

static void put_block(struct strbuf *out, char type, const char *name, const char *link,
                      uint64_t size, uint32_t mode, int64_t mtime)
{
    char block[TAR_BLOCK] = "";

    put_text(block, 100, name);
    put_octal(block + 100, 7, mode & 07777);
    put_octal(block + 108, 7, 0);
    put_octal(block + 116, 7, 0);
    put_octal(block + 124, 11, size <= OCTAL_MAX ? size : 0);
    put_octal(block + 136, 11, mtime > 0 ? (uint64_t)mtime & OCTAL_MAX : 0);
    block[156] = type;
    put_text(block + 157, 100, link);
    memcpy(block + 257, "ustar\00000", 8);
    put_octal(block + 148, 6, sum_of((const uint8_t *)block));
    block[155] = ' ';
    strbuf_add(out, block, sizeof(block));
}

static void pad(struct strbuf *out, uint64_t size)
{
    static const char zeros[TAR_BLOCK];

    if (size % TAR_BLOCK)
        strbuf_add(out, zeros, TAR_BLOCK - size % TAR_BLOCK);
}

/* "LEN key=value\n", where LEN counts itself. */
static void put_pax(struct strbuf *pax, const char *key, const char *value)
{
    size_t rest = strlen(key) + strlen(value) + 3, len = rest + 1;

    while (len != rest + (size_t)snprintf(NULL, 0, "%zu", len))
        len = rest + (size_t)snprintf(NULL, 0, "%zu", len);
    strbuf_printf(pax, "%zu %s=%s\n", len, key, value);
}

void tar_put(struct strbuf *out, const struct tar_entry *entry)
{
    const char *link = entry->link ? entry->link : "";
    struct strbuf pax = STRBUF_INIT;
    char size[24];

    if (strlen(entry->name) > 100)
        put_pax(&pax, "path", entry->name);
    if (strlen(link) > 100)
        put_pax(&pax, "linkpath", link);
    (void)snprintf(size, sizeof(size), "%" PRIu64, entry->size);
    if (entry->size > OCTAL_MAX)
        put_pax(&pax, "size", size);
    if (pax.len) {
        put_block(out, 'x', "pax", "", pax.len, 0600, 0);
        strbuf_add(out, pax.s, pax.len);
        pad(out, pax.len);
    }
    strbuf_fini(&pax);
    put_block(out, entry->type, entry->name, link, entry->size, entry->mode,
              entry->mtime);
}

/* -------------------------------------------------------------------- read */

static int get_number(const uint8_t *field, size_t size, uint64_t *ret)
{
    uint64_t n = 0;

    if (field[0] & 0x80) { /* GNU: binary */
        for (size_t i = 0; i < size; i++) {
            if (n >> 55)
                return -EBADMSG;
            n = n << 8 | (i ? field[i] : field[i] & 0x7f);
        }
        *ret = n;
        return 0;
    }
    for (size_t i = 0; i < size && field[i] && field[i] != ' '; i++) {
        if (field[i] < '0' || field[i] > '7')
            return -EBADMSG;
        n = n << 3 | (uint64_t)(field[i] - '0');
    }
    *ret = n;
    return 0;
}

static char *get_text(const uint8_t *field, size_t size)
{
    return xstrndup((const char *)field, strnlen((const char *)field, size));
}

static void get_names(const uint8_t block[TAR_BLOCK], struct tar_entry *entry)
{
    bool has_prefix = memcmp(block + 257, "ustar\0", 6) == 0 && block[345];

    if (!entry->name && has_prefix) {
        cleanup(freep) char *prefix = get_text(block + 345, 155);
        cleanup(freep) char *name = get_text(block, 100);

        entry->name = xasprintf("%s/%s", prefix, name);
    }
    if (!entry->name)
        entry->name = get_text(block, 100);
    if (!entry->link)
        entry->link = get_text(block + 157, 100);
}

static bool is_record(char type)
{
    return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

int tar_get(const uint8_t block[TAR_BLOCK], struct tar_entry *entry, struct err *err)
{
    static const uint8_t zeros[TAR_BLOCK];
    uint64_t sum, size, mode, mtime;
    char type = (char)block[156];

    if (memcmp(block, zeros, TAR_BLOCK) == 0)
        return 0;
    if (get_number(block + 148, 8, &sum) || sum != sum_of(block))
        return err_set(err, EBADMSG, "no tar stream: a header's checksum is wrong");
    if (get_number(block + 124, 12, &size) || get_number(block + 100, 8, &mode) ||
        get_number(block + 136, 12, &mtime))
        return err_set(err, EBADMSG, "no tar stream: a number is wrong");
    if (is_record(type)) {
        if (size > TAR_RECORD_MAX)
            return err_set(err, EBADMSG, "a record of %" PRIu64 " bytes", size);
        entry->type = type;
        entry->size = size;
        return 2;
    }
    entry->type = type == '\0' || type == '7' ? TAR_FILE : type;
    /* A record said so, where the field is too small. */
    if (!entry->size)
        entry->size = size;
    entry->mode = (uint32_t)mode & 07777;
    if (!entry->mtime)
        entry->mtime = (int64_t)mtime;
    get_names(block, entry);
    return 1;
}

static int take_pax(const char *key, size_t key_len, const char *value, size_t len,
                    struct tar_entry *entry)
{
    cleanup(freep) char *text = xstrndup(value, len);
    int64_t number;

    if (key_len == 4 && memcmp(key, "path", 4) == 0)
        str_replace(&entry->name, text);
    else if (key_len == 8 && memcmp(key, "linkpath", 8) == 0)
        str_replace(&entry->link, text);
    else if (key_len == 5 && memcmp(key, "mtime", 5) == 0)
        entry->mtime = strtoll(text, NULL, 10);
    else if (key_len == 4 && memcmp(key, "size", 4) == 0) {
        if (number_parse(text, 0, INT64_MAX, &number, NULL))
            return -EBADMSG;
        entry->size = (uint64_t)number;
    }
    return 0;
}

static int parse_pax(const char *bytes, size_t len, struct tar_entry *entry)
{
    while (len) {
        size_t n = 0, digits = 0;
        const char *eq;

        while (digits < len && digits < 8 && bytes[digits] >= '0' &&
               bytes[digits] <= '9')
            n = 10 * n + (size_t)(bytes[digits++] - '0');
        if (n > len || n < digits + 3 || bytes[digits] != ' ' || bytes[n - 1] != '\n')
            return -EBADMSG;
        eq = memchr(bytes + digits + 1, '=', n - digits - 2);
        if (!eq || take_pax(bytes + digits + 1, (size_t)(eq - bytes) - digits - 1,
                            eq + 1, n - 2 - (size_t)(eq - bytes), entry))
            return -EBADMSG;
        bytes += n;
        len -= n;
    }
    return 0;
}

int tar_record(char type, const char *bytes, size_t len, struct tar_entry *entry,
               struct err *err)
{
    cleanup(freep) char *text = NULL;

    entry->size = 0;
    if (type == 'x')
        return parse_pax(bytes, len, entry)
                   ? err_set(err, EBADMSG, "no tar stream: a pax record is wrong")
                   : 0;
    text = xstrndup(bytes, strnlen(bytes, len));
    if (type == 'L')
        str_replace(&entry->name, text);
    else if (type == 'K')
        str_replace(&entry->link, text);
    return 0;
}
