/* SPDX-License-Identifier: Apache-2.0
 *
 * recorder.c - read a batch of the journal, apply it, commit it
 */
#include "history/recorder.h"

#include "base/mem.h"
#include "history/apply.h"
#include "history/history_db.h"
#include "state/journal.h"
#include "wire/pack.h"

#include <stdlib.h>
#include <time.h>

#define BATCH 2000 /* events of a transaction */

struct recorder {
    sqlite3 *db;
    struct applier *applier;
    struct journal_reader *journal;
    bool knows_all;
    struct err err; /* of the event at hand */
};

/* The journal begins behind what was reached, or ends before it: it was lost, or is
 * another one. What is missing is noted, and the history goes on from there. */
static int check_bounds(struct recorder *recorder, struct err *err)
{
    uint64_t first, last, applied = applier_revision(recorder->applier);
    int rc = journal_bounds(recorder->journal, &first, &last, err);

    if (rc)
        return rc;
    recorder->knows_all = applied > 0 && first <= applied + 1 && last >= applied;
    if (recorder->knows_all || (applied == 0 && first <= 1))
        return 0;
    rc = applier_begin(recorder->applier, err);
    if (rc == 0)
        rc = applier_skip(recorder->applier, first > applied ? first - 1 : last,
                          time(NULL), err);
    return rc ? rc : applier_commit(recorder->applier, err);
}

int recorder_create(const char *store, const char *file, struct recorder **ret,
                    struct err *err)
{
    struct recorder *recorder = xcalloc(1, sizeof(*recorder));
    int rc = history_db_open(file, &recorder->db, err);

    if (rc == 0)
        rc = applier_create(recorder->db, &recorder->applier, err);
    if (rc == 0)
        rc = journal_reader_open(store, &recorder->journal, err);
    if (rc == 0)
        rc = check_bounds(recorder, err);
    if (rc)
        recorder_destroy(recorder);
    else
        *ret = recorder;
    return rc;
}

void recorder_destroy(struct recorder *recorder)
{
    if (!recorder)
        return;
    journal_reader_close(recorder->journal);
    applier_destroy(recorder->applier);
    sqlite3_close(recorder->db);
    free(recorder);
}

static int each_event(uint64_t revision, const void *bytes, size_t len, void *ctx)
{
    struct recorder *recorder = ctx;
    cleanup(free_messagep) Berth__Event *event =
        unpack_message(&berth__event__descriptor, bytes, len);

    /* Nobody will ever read it: noted as missing, the others count. */
    if (!event)
        return applier_skip(recorder->applier, revision, time(NULL), &recorder->err);
    return applier_apply(recorder->applier, revision, event, &recorder->err);
}

int recorder_run(struct recorder *recorder, struct err *err)
{
    int rc = applier_begin(recorder->applier, err);

    if (rc)
        return rc;
    rc = journal_read(recorder->journal, applier_revision(recorder->applier), BATCH,
                      each_event, recorder, &recorder->err);
    if (rc > 0)
        return applier_commit(recorder->applier, err);
    applier_rollback(recorder->applier);
    if (rc < 0 && err)
        *err = recorder->err;
    return rc;
}

bool recorder_knows_all(const struct recorder *recorder)
{
    return recorder->knows_all;
}

uint64_t recorder_applied(const struct recorder *recorder)
{
    return applier_revision(recorder->applier);
}

sqlite3 *recorder_db(const struct recorder *recorder)
{
    return recorder->db;
}
