/* SPDX-License-Identifier: Apache-2.0
 *
 * gres.c - devices that a site says its nodes have
 */
#include "config/gres.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "config/load.h"

#define GRES_MAX 64
#define COUNT_MAX 1024
#define CORES_MAX 65536
#define CDI_MAX 255

void config_gres_free(struct config_gres *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(list[i].name);
        free(list[i].type);
        free(list[i].cores);
        free(list[i].cdi);
    }
    free(list);
}

/* The next part before one of 'stops', moved past. */
static char *next_part(const char **p, const char *stops)
{
    size_t len = strcspn(*p, stops);
    char *part = xstrndup(*p, len);
    *p += len;
    return part;
}

static int take_count(const char *word, struct config_gres *gres, struct err *err)
{
    char *end;
    unsigned long n = strtoul(word, &end, 10);
    if (*end || n > COUNT_MAX)
        return err_set(err, EINVAL, "%s: '%.32s' is no number up to %d", gres->name,
                       word, COUNT_MAX);
    gres->count = (uint32_t)n;
    return 0;
}

/* Behind a name: a type, a count, or both. */
static int take_word(const char *word, struct config_gres *gres, bool last,
                     struct err *err)
{
    if (word[strspn(word, "0123456789")] == '\0' && *word)
        return last ? take_count(word, gres, err)
                    : err_set(err, EINVAL, "%s: the count '%.32s' stands last",
                              gres->name, word);
    if (gres->type)
        return err_set(err, EINVAL, "%s: '%.32s' is no count", gres->name, word);
    gres->type = xstrdup(word);
    return schema_check_name(word, 63, err);
}

static int take_cores(const char **p, struct config_gres *gres, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *cores = NULL;
    ++*p;
    gres->cores = next_part(p, "]");
    if (**p != ']')
        return err_set(err, EINVAL, "%s: a ']' is missing", gres->name);
    ++*p;
    if (!*gres->cores)
        return err_set(err, EINVAL, "%s: no cores between the brackets", gres->name);
    return bitset_parse(gres->cores, CORES_MAX, &cores, err);
}

/* What stands in the pattern is judged by whoever reads specifications; here, that
 * it can only be one. */
static int take_cdi(const char **p, struct config_gres *gres, struct err *err)
{
    ++*p;
    cleanup(freep) char *text = next_part(p, ",");
    const char *eq = strchr(text, '='), *slash = strchr(text, '/');
    if (strlen(text) > CDI_MAX || !slash || (eq && eq < slash))
        return err_set(err, EINVAL,
                       "%s: '%.64s' is no kind of devices like nvidia.com/gpu, nor a "
                       "name like nvidia.com/gpu=%%d",
                       gres->name, text);
    for (const char *at = strchr(text, '%'); at; at = strchr(at + 1, '%'))
        if (at[1] != 'd' && at[1] != 'b')
            return err_set(err, EINVAL, "%s: '%.64s' may have %%d and %%b in it",
                           gres->name, text);
    if (eq && gres->count > 1 && !strchr(eq, '%'))
        return err_set(err, EINVAL,
                       "%s: '%.64s' is one name for %u devices, put a %%d into it",
                       gres->name, text, gres->count);
    gres->cdi = xasprintf("%s%s", text, eq ? "" : "=%d");
    return 0;
}

char *config_gres_cdi_name(const struct config_gres *gres, unsigned int number,
                           const char *bus)
{
    struct strbuf name = STRBUF_INIT;
    for (const char *p = gres->cdi; *p; p++) {
        if (*p != '%')
            strbuf_putc(&name, *p);
        else if (*++p == 'd')
            strbuf_printf(&name, "%u", number);
        else if (bus)
            strbuf_puts(&name, bus);
        else
            return strbuf_fini(&name), NULL;
    }
    return strbuf_take(&name);
}

static int take_item(const char **p, struct config_gres *gres, struct err *err)
{
    gres->count = 1;
    gres->name = next_part(p, ":,[@");
    int rc = schema_check_name(gres->name, 63, err);
    while (rc == 0 && **p == ':') {
        ++*p;
        cleanup(freep) char *word = next_part(p, ":,[@");
        rc = take_word(word, gres, **p != ':', err);
    }
    if (rc == 0 && **p == '[')
        rc = take_cores(p, gres, err);
    if (rc == 0 && **p == '@')
        rc = take_cdi(p, gres, err);
    if (rc == 0 && **p && **p != ',')
        return err_set(err, EINVAL, "%s: unexpected '%.16s'", gres->name, *p);
    return rc;
}

int config_gres_parse(const char *text, struct config_gres **ret, size_t *ret_n,
                      struct err *err)
{
    struct config_gres *list = xcalloc(GRES_MAX, sizeof(*list));
    const char *p = text;
    size_t n = 0;
    int rc = 0;
    while (*p && rc == 0) {
        if (n == GRES_MAX)
            rc = err_set(err, EINVAL, "more than %d kinds of devices", GRES_MAX);
        else
            rc = take_item(&p, &list[n++], err);
        if (rc == 0 && *p == ',' && !*++p)
            rc = err_set(err, EINVAL, "nothing behind the last comma");
    }
    if (rc < 0) {
        config_gres_free(list, n);
        return rc;
    }
    *ret = list;
    *ret_n = n;
    return 0;
}
