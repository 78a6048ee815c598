/* SPDX-License-Identifier: Apache-2.0
 *
 * grpc_health.h - messages of grpc.health.v1.Health/Check (pure)
 *
 * Framed as gRPC has it: a byte (0: not compressed), four of the length, and the
 * message: a request's only field is 1, the service's name; an answer's is 1, a number.
 */
#ifndef BERTH_PROBE_GRPC_HEALTH_H
#define BERTH_PROBE_GRPC_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GRPC_HEALTH_PATH "/grpc.health.v1.Health/Check"
#define GRPC_SERVICE_MAX 253
#define GRPC_HEALTH_REQUEST_MAX (GRPC_SERVICE_MAX + 16)
#define GRPC_HEALTH_ANSWER_MAX 4096u

/* The request about 'service' (NULL or "": the server as a whole). Its length, or
 * -EINVAL with words when the name is too long. */
int grpc_health_request(const char *service, uint8_t ret[GRPC_HEALTH_REQUEST_MAX],
                        struct err *err);

/* What an answer says: 0 UNKNOWN, 1 SERVING, 2 NOT_SERVING, 3 SERVICE_UNKNOWN, or
 * others of a later version. -EBADMSG with words: it is none. */
int grpc_health_read(const void *bytes, size_t len, struct err *err);
const char *grpc_health_name(int status);

#endif
