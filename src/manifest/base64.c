/* SPDX-License-Identifier: Apache-2.0
 *
 * base64.c - take base64 off, strictly
 */
#include "manifest/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

static int value_of(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

int base64_decode(const char *text, char **ret, size_t *ret_len)
{
    cleanup(freep) char *bytes = xmalloc(strlen(text) / 4 * 3 + 4);
    unsigned int n_read = 0, n_pads = 0;
    uint32_t bits = 0;
    size_t len = 0;

    for (; *text; text++) {
        int value = value_of(*text);

        if (*text == '\n' || *text == '\r')
            continue;
        if (*text == '=')
            n_pads++;
        else if (value < 0 || n_pads)
            return -EINVAL;
        bits = bits << 6 | (uint32_t)(value < 0 ? 0 : value);
        if (++n_read % 4 == 0) {
            bytes[len++] = (char)(bits >> 16);
            bytes[len++] = (char)(bits >> 8);
            bytes[len++] = (char)bits;
        }
    }
    if (n_read % 4 || n_pads > 2)
        return -EINVAL;
    len -= n_pads;
    bytes[len] = '\0';
    if (ret_len)
        *ret_len = len;
    if (ret)
        *ret = take(bytes);
    return 0;
}
