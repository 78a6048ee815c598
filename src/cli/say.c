/* SPDX-License-Identifier: Apache-2.0
 *
 * say.c - one sentence to the person at the terminal
 *
 * A line is written whole, so that lines of several processes do not mix.
 */
#include "cli/say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/strv.h"

static const char *speaker = "berth";
static const char *error_mark = "";
static bool is_quiet;

void say_set_name(const char *name)
{
    speaker = name;
}

const char *say_name(void)
{
    return speaker;
}

void say_mark_errors(void)
{
    error_mark = "error: ";
}

static void __attribute__((format(printf, 2, 0)))
say(const char *kind, const char *fmt, va_list ap)
{
    char text[1024];

    vsnprintf(text, sizeof(text), fmt, ap);
    for (char *p = text; *p; p++) /* words may come from a peer */
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    fprintf(stderr, "%s: %s%s\n", speaker, kind, text);
}

void say_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(error_mark, fmt, ap);
    va_end(ap);
}

void say_warning(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("warning: ", fmt, ap);
    va_end(ap);
}

void say_news(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

void say_info(const char *fmt, ...)
{
    va_list ap;

    if (is_quiet)
        return;
    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

void say_warnings(char **warnings, bool quiet)
{
    is_quiet = quiet;
    if (quiet)
        return;
    strv_foreach (warning, warnings)
        say_warning("%s", *warning);
}
