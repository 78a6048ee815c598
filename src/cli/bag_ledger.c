/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_ledger.c - the commands of a bag that were sent and have not ended for good
 */
#include "cli/bag_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/bag_report.h"
#include "cli/bag_words.h"

#define BUCKETS 16384
#define TEXT_MAX 200

struct bag_ledger {
    struct bag_open_command *buckets[BUCKETS];
    size_t n;
};

struct bag_ledger *bag_ledger_create(void)
{
    return xcalloc(1, sizeof(struct bag_ledger));
}

static void command_free(struct bag_open_command *command)
{
    free(command->text);
    strbuf_fini(&command->tail);
    free(command);
}

void bag_ledger_destroy(struct bag_ledger *ledger)
{
    if (!ledger)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct bag_open_command *next;

        for (struct bag_open_command *c = ledger->buckets[i]; c; c = next) {
            next = c->next;
            command_free(c);
        }
    }
    free(ledger);
}

size_t bag_ledger_count(const struct bag_ledger *ledger)
{
    return ledger->n;
}

void bag_ledger_add(struct bag_ledger *ledger, uint64_t index, const void *argv,
                    size_t len)
{
    struct bag_open_command *command = xcalloc(1, sizeof(*command));
    struct bag_open_command **bucket = &ledger->buckets[index % BUCKETS];

    command->index = index;
    command->hash = bag_argv_hash(argv, len);
    command->text = bag_argv_text(argv, len, TEXT_MAX);
    command->next = *bucket;
    *bucket = command;
    ledger->n++;
}

static struct bag_open_command **slot_of(struct bag_ledger *ledger, uint64_t index)
{
    struct bag_open_command **slot = &ledger->buckets[index % BUCKETS];

    while (*slot && (*slot)->index != index)
        slot = &(*slot)->next;
    return slot;
}

struct bag_open_command *bag_ledger_find(struct bag_ledger *ledger, uint64_t index)
{
    return *slot_of(ledger, index);
}

void bag_ledger_remove(struct bag_ledger *ledger, uint64_t index)
{
    struct bag_open_command **slot = slot_of(ledger, index);
    struct bag_open_command *command = *slot;

    if (!command)
        return;
    *slot = command->next;
    ledger->n--;
    command_free(command);
}

void bag_ledger_note_stderr(struct bag_open_command *command, const void *bytes,
                            size_t len)
{
    struct strbuf *tail = &command->tail;
    const char *from = bytes;
    size_t keep;

    if (len > BAG_TAIL_MAX) {
        from += len - BAG_TAIL_MAX;
        len = BAG_TAIL_MAX;
    }
    keep = BAG_TAIL_MAX - len;
    if (tail->len > keep) {
        memmove(tail->s, tail->s + tail->len - keep, keep);
        strbuf_cut(tail, keep);
    }
    strbuf_add(tail, from, len);
}
