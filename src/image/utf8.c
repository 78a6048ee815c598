/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8.c - change the locale of this thread and back
 */
#include "image/utf8.h"

struct utf8 utf8_begin(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

    return (struct utf8){.locale = locale,
                         .before = locale ? uselocale(locale) : (locale_t)0};
}

void utf8_end(struct utf8 *utf8)
{
    if (!utf8->locale)
        return;
    (void)uselocale(utf8->before);
    freelocale(utf8->locale);
    utf8->locale = (locale_t)0;
}
