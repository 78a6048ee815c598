/* SPDX-License-Identifier: Apache-2.0
 *
 * where.c - from a pattern of the configuration to the path of a store
 */
#include "image/where.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"

static void put_home(struct strbuf *sb, const char *given)
{
    const char *home = given ? given : getenv("HOME");
    const struct passwd *pw = home && *home ? NULL : getpwuid(geteuid());

    strbuf_puts(sb, home && *home ? home : pw ? pw->pw_dir : "");
}

static void put_user(struct strbuf *sb, const char *given)
{
    const struct passwd *pw = given ? NULL : getpwuid(geteuid());

    if (given || pw)
        strbuf_puts(sb, given ? given : pw->pw_name);
    else
        strbuf_printf(sb, "%u", (unsigned int)geteuid());
}

static void put_node(struct strbuf *sb, const char *given)
{
    char host[256] = "";

    if (!given)
        given = getenv("BERTH_NODE");
    if (!given) {
        (void)gethostname(host, sizeof(host) - 1);
        host[strcspn(host, ".")] = '\0';
    }
    strbuf_puts(sb, given ? given : host);
}

static void put_letter(struct strbuf *sb, char letter, const struct image_where *where)
{
    if (letter == 'h')
        put_home(sb, where->home);
    else if (letter == 'u')
        put_user(sb, where->user);
    else if (letter == 'n')
        put_node(sb, where->node);
    else if (letter == '%')
        strbuf_putc(sb, '%');
    else
        strbuf_printf(sb, "%%%c", letter);
}

char *image_where(const char *pattern, const struct image_where *where)
{
    struct strbuf sb = {0};

    for (const char *p = pattern; *p; p++) {
        if (*p == '%' && p[1])
            put_letter(&sb, *++p, where);
        else
            strbuf_putc(&sb, *p);
    }
    return strbuf_take(&sb);
}
