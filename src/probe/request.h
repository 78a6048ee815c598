/* SPDX-License-Identifier: Apache-2.0
 *
 * request.h - what is asked of an HTTP server, and where it sends one on to
 */
#ifndef BERTH_PROBE_REQUEST_H
#define BERTH_PROBE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "manifest/values.h"

/* The bytes of a GET, the caller's to free. Headers that are said replace ours; "Host"
 * may be one of them. -EINVAL with words for a header that would break the request. */
int request_build(const char *host, uint16_t port, const char *path,
                  const mf_pairs *headers, char **ret, struct err *err);

/* "10.1.2.3:80", "[fd00::1]:80"; the caller frees it. */
char *authority_format(const char *host, uint16_t port);

/* Whether 'location', said by 'host' in answer to 'path', is on the same host and can
 * be followed by plain HTTP; then its port and path, the caller's to free. */
bool redirect_resolve(const char *host, uint16_t port, const char *path,
                      const char *location, uint16_t *ret_port, char **ret_path);

#endif
