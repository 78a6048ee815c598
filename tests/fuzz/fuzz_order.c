/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_order.c - an order that is taken apart has all its strings in its body
 */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "container/order.h"

static size_t count_bytes(char *const *v)
{
    size_t n = 0;

    for (; *v; v++)
        n += strlen(*v) + 1;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct order order = {.fds = {-1, -1, -1, -1}};
    struct order_head head;
    char *body;

    if (size < sizeof(head))
        return 0;
    memcpy(&head, data, sizeof(head));
    head.body_len = (uint32_t)(size - sizeof(head));
    body = xmalloc(head.body_len + 1u);
    memcpy(body, data + sizeof(head), head.body_len);
    if (order_parse(&head, body, &order) == 0 && order.kind == ORDER_SPAWN)
        BUG_ON(strlen(order.cwd) + 1 + strlen(order.cpus) + 1 + strlen(order.memory) +
                   1 + strlen(order.notice) + 1 + count_bytes(order.argv) +
                   count_bytes(order.env) !=
               head.body_len);
    order_fini(&order);
    return 0;
}
