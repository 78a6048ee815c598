/* SPDX-License-Identifier: Apache-2.0
 *
 * base64.c - put base64 on, take it off strictly
 */
#include "manifest/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char c)
{
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

char *base64_encode(const char *bytes, size_t len)
{
    const uint8_t *in = (const uint8_t *)bytes;
    char *text = xmalloc((len + 2) / 3 * 4 + 1), *out = text;

    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)in[i] << 16 | (n > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                        (n > 2 ? in[i + 2] : 0);

        for (size_t at = 0; at < 4; at++)
            *out++ = at > n ? '=' : alphabet[bits >> (18 - 6 * at) & 63];
    }
    *out = '\0';
    return text;
}
