/* SPDX-License-Identifier: Apache-2.0
 *
 * journal.c - records and specs side by side, as jobs of a trace
 */
#include "sim/journal.h"

#include "base/bitset.h"
#include "base/mem.h"
#include "base/units.h"
#include "wire/messages.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#define CORES_MAX 65536 /* of one node */

struct journal {
    const char *path;
    const struct trace_rules *rules;
    sqlite3 *db;
    sqlite3_stmt *jobs;
    struct trace *trace;
};

static int fail(const struct journal *journal, const char *what, struct err *err)
{
    return err_set(err, EIO, "%s: %s: %s", journal->path, what,
                   sqlite3_errmsg(journal->db));
}

static int open_journal(struct journal *journal, struct err *err)
{
    /* Keys end in the same number of digits, so that a job's is its spec's. */
    static const char query[] =
        "SELECT j.key, j.value, s.value FROM kv j LEFT JOIN kv s ON "
        "s.key = 'spec/' || substr(j.key, 5) WHERE j.key >= 'job/' AND j.key < 'job0' "
        "ORDER BY j.key";

    if (sqlite3_open_v2(journal->path, &journal->db, SQLITE_OPEN_READONLY, NULL) !=
        SQLITE_OK)
        return fail(journal, "cannot open", err);
    (void)sqlite3_busy_timeout(journal->db, 5000);
    if (sqlite3_prepare_v2(journal->db, query, -1, &journal->jobs, NULL) != SQLITE_OK)
        return fail(journal, "not a controller's store", err);
    return 0;
}

static int unreadable(const struct journal *journal, struct err *err)
{
    return err_set(err, EINVAL, "%s: %s: the record cannot be read", journal->path,
                   (const char *)sqlite3_column_text(journal->jobs, 0));
}

/* Cores that the job held on all its nodes; 0: the placement makes no sense. */
static uint64_t cores_of(const Berth__JobRecord *record)
{
    uint64_t cores = 0;

    for (size_t i = 0; record->placement && i < record->placement->n_shares; i++) {
        cleanup(bitset_destroyp) struct bitset *set = NULL;

        if (bitset_parse(record->placement->shares[i]->cores, CORES_MAX, &set, NULL))
            return 0;
        cores += bitset_count(set);
    }
    return cores <= TRACE_PROCS_MAX ? cores : 0;
}

static bool is_sane(const Berth__JobRecord *record)
{
    return record->submit_time > 0 && record->start_time >= record->submit_time &&
           record->end_time >= record->start_time && record->end_time < SWF_NUMBER_MAX;
}

static void take_job(struct journal *journal, const Berth__JobRecord *record,
                     const Berth__JobSpec *spec)
{
    struct trace_counts *counts = &journal->trace->counts;
    const uint64_t cores = cores_of(record);
    const bool could_later = record->eligible_time > record->submit_time &&
                             record->eligible_time <= record->start_time;
    struct trace_job job = {
        .number = record->id,
        .submit = could_later ? record->eligible_time : record->submit_time,
        .run = record->end_time - record->start_time,
        .procs = (uint32_t)cores,
        .nodes = record->placement ? (uint32_t)record->placement->n_shares : 0,
        .exclusive = spec->exclusive,
        .mem_per_node = spec->mem_per_node,
        .user = spec->uid > INT32_MAX ? -1 : (int32_t)spec->uid,
        .group = spec->gid > INT32_MAX ? -1 : (int32_t)spec->gid,
        .queue = -1,
    };

    counts->lines++;
    if (!is_sane(record)) {
        counts->no_run++;
        return;
    }
    if (cores == 0) {
        counts->no_procs++;
        return;
    }
    job.wait = record->start_time - job.submit;
    trace_add(journal->trace, journal->rules, &job,
              spec->time_limit == TIME_UNLIMITED ? JOURNAL_UNLIMITED
                                                 : spec->time_limit);
}

/* The row that the query stands on. */
static int read_row(struct journal *journal, struct err *err)
{
    sqlite3_stmt *row = journal->jobs;
    Berth__JobRecord *record = berth__job_record__unpack(
        NULL, (size_t)sqlite3_column_bytes(row, 1), sqlite3_column_blob(row, 1));
    Berth__JobSpec *spec = berth__job_spec__unpack(
        NULL, (size_t)sqlite3_column_bytes(row, 2), sqlite3_column_blob(row, 2));
    int rc = 0;

    if (record && spec)
        take_job(journal, record, spec);
    else
        rc = unreadable(journal, err);
    if (record)
        berth__job_record__free_unpacked(record, NULL);
    if (spec)
        berth__job_spec__free_unpacked(spec, NULL);
    return rc;
}

static int read_rows(struct journal *journal, struct err *err)
{
    const size_t most =
        journal->rules->max_jobs ? journal->rules->max_jobs : TRACE_JOBS_MAX;
    int step = SQLITE_DONE, rc = 0;

    while (rc == 0 && journal->trace->n < most &&
           (step = sqlite3_step(journal->jobs)) == SQLITE_ROW)
        rc = read_row(journal, err);
    if (rc == 0 && step != SQLITE_DONE && step != SQLITE_ROW)
        rc = fail(journal, "cannot be read", err);
    return rc;
}

int journal_read(const char *path, const struct trace_rules *rules, struct trace *ret,
                 struct err *err)
{
    struct trace trace = {0};
    struct journal journal = {.path = path, .rules = rules, .trace = &trace};
    int rc = open_journal(&journal, err);

    if (rc == 0)
        rc = read_rows(&journal, err);
    (void)sqlite3_finalize(journal.jobs);
    (void)sqlite3_close(journal.db);
    if (rc) {
        trace_fini(&trace);
        return rc;
    }
    trace_sort(&trace, rules);
    *ret = trace;
    return 0;
}
