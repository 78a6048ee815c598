/* SPDX-License-Identifier: Apache-2.0
 *
 * err.c - fill in and wrap the words of a failure
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return -code;
    err->code = code;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    return -code;
}

int err_sys(struct err *err, int code, const char *fmt, ...)
{
    va_list ap;
    size_t len;

    if (!err)
        return -code;
    err->code = code;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    len = strlen(err->text);
    (void)snprintf(err->text + len, sizeof(err->text) - len, ": %s", strerror(code));
    return -code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    char old[ERR_TEXT_MAX];
    va_list ap;
    size_t len;

    if (!err)
        return -1;
    memcpy(old, err->text, sizeof(old));
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    len = strlen(err->text);
    (void)snprintf(err->text + len, sizeof(err->text) - len, ": %s", old);
    return -err->code;
}

void bug(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "berth: bug at %s:%d: %s\n", file, line, what);
    abort();
}
