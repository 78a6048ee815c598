/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8.c - change the locale of this thread and back
 */
#include "image/utf8.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t locale; /* kept: making one reads files */

static void make_locale(void)
{
    locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

struct utf8 utf8_begin(void)
{
    (void)pthread_once(&once, make_locale);
    return (struct utf8){.before = locale ? uselocale(locale) : (locale_t)0};
}

void utf8_end(struct utf8 *utf8)
{
    if (utf8->before)
        (void)uselocale(utf8->before);
    utf8->before = (locale_t)0;
}
