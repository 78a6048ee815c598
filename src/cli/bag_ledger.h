/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_ledger.h - the commands of a bag that were sent and have not ended for good
 */
#ifndef BERTH_CLI_BAG_LEDGER_H
#define BERTH_CLI_BAG_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct bag_open_command {
    uint64_t index, hash;
    char *text;         /* for people */
    struct strbuf tail; /* of what the present attempt wrote to stderr */
    struct bag_open_command *next;
};

struct bag_ledger;

struct bag_ledger *bag_ledger_create(void);
void bag_ledger_destroy(struct bag_ledger *ledger);
size_t bag_ledger_count(const struct bag_ledger *ledger);
void bag_ledger_add(struct bag_ledger *ledger, uint64_t index, const void *argv,
                    size_t len);
struct bag_open_command *bag_ledger_find(struct bag_ledger *ledger, uint64_t index);
void bag_ledger_remove(struct bag_ledger *ledger, uint64_t index);
/* Keep the last bytes of its stderr. */
void bag_ledger_note_stderr(struct bag_open_command *command, const void *bytes,
                            size_t len);

#endif
