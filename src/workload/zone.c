/* SPDX-License-Identifier: Apache-2.0
 *
 * zone.c - read TZif files, and find the offset of a time
 */
#include "workload/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 *   header 1 | block with times of 32 bits | header 2 | block with 64 bits | \n RULE \n
 *
 * header: "TZif" version reserved[15], then six counts of 32 bits, big endian.
 * block:  times, index of a type for each, types (offset 32, is summer 8, name 8),
 * names, leap seconds (time, 32), standard/wall marks, UTC/local marks.
 */
#define HEADER_LEN 44
#define TYPE_LEN 6
#define RULE_MAX 128
#define OFFSET_MAX (26 * 3600)

struct counts {
    uint32_t ut_marks, std_marks, leaps, times, types, chars;
};

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static int header_read(const unsigned char *p, size_t len, struct counts *ret,
                       struct err *err)
{
    if (len < HEADER_LEN || memcmp(p, "TZif", 4) != 0)
        return err_set(err, EINVAL, "not a file of a time zone");
    if (p[4] < '2')
        return err_set(err, EINVAL, "an old file of a time zone: version 2 is wanted");
    p += 20;
    *ret = (struct counts){
        .ut_marks = be32(p),
        .std_marks = be32(p + 4),
        .leaps = be32(p + 8),
        .times = be32(p + 12),
        .types = be32(p + 16),
        .chars = be32(p + 20),
    };
    return 0;
}

/* Bytes of the block; counts of 32 bits do not overflow 64. */
static uint64_t block_len(const struct counts *c, uint64_t time_len)
{
    return c->times * (time_len + 1) + (uint64_t)c->types * TYPE_LEN + c->chars +
           c->leaps * (time_len + 4) + c->std_marks + c->ut_marks;
}

static int offset_of(const unsigned char *type, int64_t *ret, struct err *err)
{
    *ret = (int32_t)be32(type);
    if (*ret < -OFFSET_MAX || *ret > OFFSET_MAX)
        return err_set(err, EINVAL, "an offset of %lld seconds", (long long)*ret);
    return 0;
}

static int changes_read(const unsigned char *p, const struct counts *c,
                        struct zone *zone, struct err *err)
{
    const unsigned char *index = p + (size_t)c->times * 8;
    const unsigned char *types = index + c->times;

    zone->n = c->times;
    zone->changes = xcalloc(zone->n + 1, sizeof(*zone->changes));
    zone->offsets = xcalloc(zone->n + 1, sizeof(*zone->offsets));
    for (size_t i = 0; i < zone->n; i++) {
        int rc;

        zone->changes[i] = be64(p + i * 8);
        if (i && zone->changes[i] <= zone->changes[i - 1])
            return err_set(err, EINVAL, "change %zu is not after the one before", i);
        if (index[i] >= c->types)
            return err_set(err, EINVAL, "change %zu has type %u of %u", i, index[i],
                           c->types);
        rc = offset_of(types + (size_t)index[i] * TYPE_LEN, &zone->offsets[i], err);
        if (rc < 0)
            return rc;
    }
    return offset_of(types, &zone->first_offset, err);
}

static int footer_read(const unsigned char *p, size_t len, struct zone *zone,
                       struct err *err)
{
    char text[RULE_MAX];
    const unsigned char *end;

    if (len < 2 || p[0] != '\n' || !(end = memchr(p + 1, '\n', len - 1)))
        return err_set(err, EINVAL, "the rule behind the table is missing");
    if (end == p + 1)
        return 0;
    if ((size_t)(end - p) > sizeof(text) || memchr(p, 0, (size_t)(end - p)))
        return err_set(err, EINVAL, "the rule behind the table cannot be read");
    memcpy(text, p + 1, (size_t)(end - p - 1));
    text[end - p - 1] = '\0';
    zone->has_rule = true;
    return zone_rule_parse(text, &zone->rule, err);
}

static int body_read(const unsigned char *p, size_t len, struct zone *zone,
                     struct err *err)
{
    struct counts c;
    uint64_t n;
    int rc = header_read(p, len, &c, err);

    if (rc < 0)
        return rc;
    n = HEADER_LEN + block_len(&c, 8);
    if (n > len || !c.types || c.types > 256)
        return err_set(err, EINVAL, "the file of the time zone is cut short");
    if (c.leaps)
        return err_set(err, EINVAL, "a time zone with leap seconds");
    rc = changes_read(p + HEADER_LEN, &c, zone, err);
    return rc < 0 ? rc : footer_read(p + n, len - (size_t)n, zone, err);
}

int zone_parse(const void *bytes, size_t len, struct zone *ret, struct err *err)
{
    const unsigned char *p = bytes;
    struct zone zone = {.n = 0};
    struct counts old;
    uint64_t n;
    int rc;

    if (len > ZONE_FILE_MAX)
        return err_set(err, EINVAL, "a file of %zu bytes is no time zone", len);
    rc = header_read(p, len, &old, err);
    if (rc < 0)
        return rc;
    n = HEADER_LEN + block_len(&old, 4);
    if (n > len)
        return err_set(err, EINVAL, "the file of the time zone is cut short");
    rc = body_read(p + n, len - (size_t)n, &zone, err);
    if (rc < 0)
        zone_fini(&zone);
    else
        *ret = zone;
    return rc;
}

void zone_fini(struct zone *zone)
{
    free(zone->changes);
    free(zone->offsets);
    *zone = (struct zone){.n = 0};
}

int64_t zone_offset(int64_t utc, const void *data)
{
    const struct zone *zone = data;
    size_t low = 0, high = zone ? zone->n : 0;

    if (!zone)
        return 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (zone->changes[mid] <= utc)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == zone->n && zone->has_rule)
        return zone_rule_offset(&zone->rule, utc);
    return low ? zone->offsets[low - 1] : zone->first_offset;
}

bool zone_name_is_good(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_+-";
    const char *at = name;

    for (;;) {
        size_t n = strspn(at, letters);

        if (!n)
            return false;
        at += n;
        if (!*at)
            return strlen(name) < 128;
        if (*at++ != '/')
            return false;
    }
}
