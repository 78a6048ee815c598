/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_answer.c - an HTTP answer means the same in one piece and byte by byte, and so
 * does where it redirects to
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/answer.h"
#include "probe/request.h"

static int read_all(struct http_answer *answer, const uint8_t *data, size_t size,
                    size_t step)
{
    int r = 0;

    http_answer_init(answer);
    for (size_t at = 0; at < size && r == 0; at += step)
        r = http_answer_take(answer, (const char *)data + at,
                             size - at < step ? size - at : step, NULL);
    return r ? r : http_answer_end(answer, NULL);
}

static void try_redirect(const char *location)
{
    char *path;
    uint16_t port;

    if (!redirect_resolve("10.1.2.3", 80, "/a/b", location, &port, &path))
        return;
    BUG_ON(path[0] != '/' || !port);
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer whole, bytes;
    int r = read_all(&whole, data, size, size + 1);
    int again = read_all(&bytes, data, size, 1);

    BUG_ON(r != again || whole.status != bytes.status);
    BUG_ON(r > 0 && (whole.status < 100 || whole.status > 999));
    BUG_ON(!whole.location != !bytes.location);
    if (whole.location) {
        BUG_ON(strcmp(whole.location, bytes.location) != 0);
        try_redirect(whole.location);
    }
    http_answer_fini(&whole);
    http_answer_fini(&bytes);
    return 0;
}
