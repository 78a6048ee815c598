/* SPDX-License-Identifier: Apache-2.0
 *
 * base64.h - bytes in data of ConfigMaps and Secrets (RFC 4648)
 */
#ifndef BERTH_MANIFEST_BASE64_H
#define BERTH_MANIFEST_BASE64_H

#include <stddef.h>

/* Line ends are stepped over. The bytes, with a NUL behind them, are the caller's.
 * -EINVAL when it is no base64. 'ret' may be NULL. */
int base64_decode(const char *text, char **ret, size_t *ret_len);
/* On one line; the caller's. */
char *base64_encode(const char *bytes, size_t len);

#endif
