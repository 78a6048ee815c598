/* SPDX-License-Identifier: Apache-2.0
 *
 * grpc_health.c - messages of grpc.health.v1.Health/Check (pure)
 */
#include "probe/grpc_health.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

#define FRAME 5
enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

int grpc_health_request(const char *service, uint8_t ret[GRPC_HEALTH_REQUEST_MAX],
                        struct err *err)
{
    size_t len = service ? strlen(service) : 0, n = FRAME;

    if (len > GRPC_SERVICE_MAX)
        return err_set(err, EINVAL, "grpc.service: more than %d characters",
                       GRPC_SERVICE_MAX);
    if (len) {
        ret[n++] = 1 << 3 | BYTES;
        if (len > 127)
            ret[n++] = (uint8_t)(len & 0x7f) | 0x80;
        ret[n++] = (uint8_t)(len > 127 ? len >> 7 : len);
        memcpy(ret + n, service, len);
        n += len;
    }
    memset(ret, 0, FRAME);
    ret[3] = (uint8_t)((n - FRAME) >> 8);
    ret[4] = (uint8_t)(n - FRAME);
    return (int)n;
}

struct cursor {
    const uint8_t *at, *end;
};

static int take_varint(struct cursor *c, uint64_t *ret)
{
    uint64_t value = 0;

    for (unsigned int shift = 0; shift < 64 && c->at < c->end; shift += 7) {
        uint8_t byte = *c->at++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret = value;
            return 0;
        }
    }
    return -EBADMSG;
}

static int skip(struct cursor *c, unsigned int type)
{
    uint64_t n = type == FIXED64 ? 8 : type == FIXED32 ? 4 : 0;
    int rc = type == VARINT || type == BYTES ? take_varint(c, &n) : n ? 0 : -EBADMSG;

    if (rc || type == VARINT)
        return rc;
    if (n > (uint64_t)(c->end - c->at))
        return -EBADMSG;
    c->at += n;
    return 0;
}

/* The last one counts, as ever in protobuf; none is UNKNOWN. */
static int read_message(struct cursor c)
{
    uint64_t key, status = 0;

    while (c.at < c.end) {
        int rc = take_varint(&c, &key);

        if (!rc)
            rc = key == (1 << 3 | VARINT) ? take_varint(&c, &status)
                                          : skip(&c, (unsigned int)(key & 7));
        if (rc)
            return rc;
    }
    return status > INT16_MAX ? -EBADMSG : (int)status;
}

int grpc_health_read(const void *bytes, size_t len, struct err *err)
{
    const uint8_t *b = bytes;
    size_t n = len < FRAME ? 0
                           : (size_t)b[1] << 24 | (size_t)b[2] << 16 |
                                 (size_t)b[3] << 8 | (size_t)b[4];
    int status;

    if (len < FRAME || n != len - FRAME)
        return err_set(err, EBADMSG, "the answer is not one message of gRPC");
    if (b[0])
        return err_set(err, EBADMSG, "the answer is compressed, which was not offered");
    status = read_message((struct cursor){b + FRAME, b + len});
    return status < 0 ? err_set(err, EBADMSG, "the answer is no HealthCheckResponse")
                      : status;
}

const char *grpc_health_name(int status)
{
    static const char *const names[] = {"UNKNOWN", "SERVING", "NOT_SERVING",
                                        "SERVICE_UNKNOWN"};

    return status >= 0 && status < (int)ARRAY_SIZE(names) ? names[status] : "UNKNOWN";
}
