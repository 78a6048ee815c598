/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_outbox.c - what the dispatcher has to tell, gathered into reports
 */
#include "cli/bag_outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/plain.h"

#define OLD_USEC 20000
#define MANY_RESULTS 256
#define MUCH_OUTPUT (64u << 10)

void bag_outbox_init(struct bag_outbox *box)
{
    *box = (struct bag_outbox){.queue = BUF_INIT};
    berth__bag_report__init(&box->report);
}

static void note_age(struct bag_outbox *box, int64_t now)
{
    if (!box->since)
        box->since = now;
}

void bag_outbox_add_output(struct bag_outbox *box, uint64_t index, uint32_t attempt,
                           uint32_t stream, const void *bytes, size_t len, int64_t now)
{
    Berth__BagReport *report = &box->report;
    Berth__BagOutput *output = xcalloc(1, sizeof(*output));

    berth__bag_output__init(output);
    output->index = index;
    output->attempt = attempt;
    output->stream = stream;
    output->data.data = xmemdup(bytes, len);
    output->data.len = len;
    report->outputs =
        xrealloc(report->outputs, report->n_outputs + 1, sizeof(*report->outputs));
    report->outputs[report->n_outputs++] = output;
    box->bytes += len;
    note_age(box, now);
}

void bag_outbox_add_result(struct bag_outbox *box, const Berth__BagResult *result,
                           const char *words, int64_t now)
{
    Berth__BagReport *report = &box->report;
    Berth__BagResult *copy = xmemdup(result, sizeof(*result));

    if (words && words[0])
        copy->words = xstrdup(words);
    report->results =
        xrealloc(report->results, report->n_results + 1, sizeof(*report->results));
    report->results[report->n_results++] = copy;
    note_age(box, now);
}

void bag_outbox_add_returned(struct bag_outbox *box, uint64_t index, int64_t now)
{
    Berth__BagReport *report = &box->report;

    report->returned =
        xrealloc(report->returned, report->n_returned + 1, sizeof(*report->returned));
    report->returned[report->n_returned++] = index;
    note_age(box, now);
}

bool bag_outbox_is_due(const struct bag_outbox *box, size_t waiting, int64_t now)
{
    const Berth__BagReport *report = &box->report;

    return box->since && (report->n_returned || report->n_results >= MANY_RESULTS ||
                          (report->n_results && report->n_results >= waiting) ||
                          box->bytes >= MUCH_OUTPUT || now - box->since >= OLD_USEC);
}

int64_t bag_outbox_due_in(const struct bag_outbox *box, int64_t now)
{
    int64_t left = box->since + OLD_USEC - now;

    return !box->since ? -1 : left > 0 ? left : 0;
}

static void clear(struct bag_outbox *box)
{
    Berth__BagReport *report = &box->report;

    for (size_t i = 0; i < report->n_outputs; i++)
        berth__bag_output__free_unpacked(report->outputs[i], NULL);
    for (size_t i = 0; i < report->n_results; i++)
        berth__bag_result__free_unpacked(report->results[i], NULL);
    report->n_outputs = report->n_results = report->n_returned = 0;
    box->bytes = 0;
    box->since = 0;
}

void bag_outbox_pack(struct bag_outbox *box)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_BAG_REPORT;
    env.bag_report = &box->report;
    plain_put(&box->queue, &env);
    clear(box);
}

size_t bag_outbox_pending(const struct bag_outbox *box)
{
    return buf_len(&box->queue) + box->bytes;
}

int bag_outbox_write(struct bag_outbox *box, int fd)
{
    while (buf_len(&box->queue)) {
        ssize_t n = write(fd, buf_head(&box->queue), buf_len(&box->queue));

        if (n < 0 && errno == EAGAIN)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            buf_taken(&box->queue, (size_t)n);
    }
    buf_trim(&box->queue);
    return 0;
}
