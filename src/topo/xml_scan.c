/* SPDX-License-Identifier: Apache-2.0
 *
 * xml_scan.c - a look at topology XML before hwloc sees it
 *
 * Knows tags and quoted attributes, and no more of XML than that.
 */
#include "topo/xml_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 64
#define INDEX_MAX 65535u
#define BITMAP_TEXT_MAX 32768u

struct scan {
    const char *p, *end;
    int depth;
    bool seen_topology;
};

struct span {
    const char *s;
    size_t len;
};

static bool span_is(struct span a, const char *text)
{
    return a.len == strlen(text) && memcmp(a.s, text, a.len) == 0;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || c == ':';
}

static void skip_space(struct scan *s)
{
    while (s->p < s->end && isspace((unsigned char)*s->p))
        s->p++;
}

static struct span read_name(struct scan *s)
{
    struct span name = {s->p, 0};
    while (s->p < s->end && is_name_char(*s->p))
        s->p++;
    name.len = (size_t)(s->p - name.s);
    return name;
}

/* name="value"; false when that is not what stands there. */
static bool read_attribute(struct scan *s, struct span *name, struct span *value)
{
    *name = read_name(s);
    if (name->len == 0 || s->end - s->p < 2 || s->p[0] != '=' || s->p[1] != '"')
        return false;
    s->p += 2;
    const char *quote = memchr(s->p, '"', (size_t)(s->end - s->p));
    if (!quote)
        return false;
    *value = (struct span){s->p, (size_t)(quote - s->p)};
    s->p = quote + 1;
    return true;
}

/* Major version of 'value' ("2.0"); no version attribute means 1. */
static int check_version(struct span value, struct err *err)
{
    int n = (int)(value.len > 16 ? 16 : value.len);
    if (n > 0 && (value.s[0] == '1' || value.s[0] == '2') &&
        (n == 1 || value.s[1] == '.'))
        return 0;
    return err_set(err, EINVAL,
                   "the XML has hwloc's format version %.*s: 1 and 2 can be read; "
                   "export it with \"lstopo --export-xml-flags v2 FILE.xml\"",
                   n, value.s);
}

/* Bit maps are indexed by the numbers of PUs and NUMA nodes only. */
static int check_index(struct span type, struct span index, struct err *err)
{
    if (!span_is(type, "PU") && !span_is(type, "NUMANode"))
        return 0;
    char text[16] = "";
    if (index.len < sizeof(text))
        memcpy(text, index.s, index.len);
    if (index.len >= sizeof(text) || strtoul(text, NULL, 10) > INDEX_MAX)
        return err_set(err, EINVAL, "the XML has a %.*s with an index above %u",
                       (int)type.len, type.s, INDEX_MAX);
    return 0;
}

static int check_attribute(struct span tag, struct span name, struct span value,
                           struct err *err)
{
    if (span_is(tag, "topology") && span_is(name, "version"))
        return check_version(value, err);
    if (value.len > BITMAP_TEXT_MAX)
        return err_set(err, EINVAL, "the XML has an attribute of %zu bytes", value.len);
    return 0;
}

/* All of the attributes, up to the tag's end. */
static int scan_attributes(struct scan *s, struct span tag, struct err *err)
{
    struct span type = {"", 0}, index = {"", 0}, name, value;
    for (;;) {
        skip_space(s);
        if (s->p >= s->end)
            return err_set(err, EINVAL, "the XML ends within a tag");
        if (*s->p == '>' || *s->p == '/')
            return check_index(type, index, err);
        if (!read_attribute(s, &name, &value))
            return err_set(err, EINVAL, "the XML has a malformed <%.*s>",
                           (int)(tag.len > 32 ? 32 : tag.len), tag.s);
        int rc = check_attribute(tag, name, value, err);
        if (rc < 0)
            return rc;
        if (span_is(name, "type"))
            type = value;
        else if (span_is(name, "os_index"))
            index = value;
    }
}

static int scan_close(struct scan *s, struct err *err)
{
    const char *close = memchr(s->p, '>', (size_t)(s->end - s->p));
    s->p = close ? close + 1 : s->end;
    if (--s->depth < 0)
        return err_set(err, EINVAL, "the XML closes what it did not open");
    return 0;
}

static int scan_tag(struct scan *s, struct err *err)
{
    if (s->p < s->end && *s->p == '/')
        return scan_close(s, err);
    struct span tag = read_name(s);
    if (span_is(tag, "topology"))
        s->seen_topology = true;
    int rc = scan_attributes(s, tag, err);
    if (rc < 0)
        return rc;
    if (*s->p == '>' && ++s->depth > NESTING_MAX)
        return err_set(err, EINVAL, "the XML is nested more than %d deep", NESTING_MAX);
    return 0;
}

/* "<?xml ... ?>" and "<!DOCTYPE ...>" say nothing we need. */
static void skip_declaration(struct scan *s)
{
    const char *close = memchr(s->p, '>', (size_t)(s->end - s->p));
    s->p = close ? close + 1 : s->end;
}

int xml_scan_check(const char *xml, size_t len, struct err *err)
{
    struct scan s = {.p = xml, .end = xml + len};
    if (len > 0 && memchr(xml, '\0', len))
        return err_set(err, EINVAL, "the topology is not text");
    while (s.p < s.end) {
        const char *open = memchr(s.p, '<', (size_t)(s.end - s.p));
        if (!open)
            break;
        s.p = open + 1;
        if (s.p < s.end && (*s.p == '?' || *s.p == '!')) {
            skip_declaration(&s);
            continue;
        }
        int rc = scan_tag(&s, err);
        if (rc < 0)
            return rc;
    }
    if (!s.seen_topology)
        return err_set(err, EINVAL, "the file is not an hwloc topology in XML");
    return s.depth == 0 ? 0 : err_set(err, EINVAL, "the XML is cut off");
}
