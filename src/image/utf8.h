/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8.h - names in archives are UTF-8, whatever the caller's locale is
 *
 * libarchive converts names between archives and the locale of the thread.
 *
 *     cleanup(utf8_end) struct utf8 utf8 = utf8_begin();
 */
#ifndef BERTH_IMAGE_UTF8_H
#define BERTH_IMAGE_UTF8_H

#include <locale.h>

struct utf8 {
    locale_t before; /* 0: nothing was changed, this machine has no such locale */
};

/* This thread's characters are UTF-8 until utf8_end. */
struct utf8 utf8_begin(void);
void utf8_end(struct utf8 *utf8);

#endif
