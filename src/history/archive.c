/* SPDX-License-Identifier: Apache-2.0
 *
 * archive.c - write old runs into files, then remove them
 */
#include "history/archive.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "history/columns.h"
#include "history/history_db.h"
#include "history/json.h"
#include "history/select.h"
#include "wire/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

/* One file's worth of rows. */
struct batch {
    int64_t id, cutoff, last;
    char *file; /* "" without a directory */
    uint64_t jobs, steps;
};

#define OF_BATCH "end_time>0 AND end_time<?1 AND id<=?2"

/* ------------------------------------------------------------------ intent */

/* An intent that was not carried out; batch->id is 0 when there is none. */
static int read_intent(sqlite3 *db, struct batch *batch, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = history_db_prepare(db,
                                "SELECT id,cutoff,last,file FROM archives WHERE done=0 "
                                "ORDER BY id LIMIT 1",
                                &stmt, err);

    if (rc == 0 && sqlite3_step(stmt) == SQLITE_ROW) {
        batch->id = sqlite3_column_int64(stmt, 0);
        batch->cutoff = sqlite3_column_int64(stmt, 1);
        batch->last = sqlite3_column_int64(stmt, 2);
        batch->file = xstrdup((const char *)sqlite3_column_text(stmt, 3));
    }
    sqlite3_finalize(stmt);
    return rc;
}

static int find_last(sqlite3 *db, int64_t cutoff, int64_t *ret, struct err *err)
{
    cleanup(freep) char *sql =
        xasprintf("SELECT max(id) FROM (SELECT id FROM jobs WHERE end_time>0 AND "
                  "end_time<%lld ORDER BY id LIMIT %d)",
                  (long long)cutoff, ARCHIVE_JOBS);

    return history_db_number(db, sql, ret, err);
}

/* "DIR/history-20261126-17.jsonl.gz": the number makes it the batch's own. */
static char *file_name(const char *dir, int64_t number)
{
    time_t now = time(NULL);
    struct tm tm;
    char day[16];

    if (!dir || !*dir)
        return xstrdup("");
    (void)gmtime_r(&now, &tm);
    (void)strftime(day, sizeof(day), "%Y%m%d", &tm);
    return xasprintf("%s/history-%s-%lld.jsonl.gz", dir, day, (long long)number);
}

static int write_intent(sqlite3 *db, const char *dir, int64_t cutoff,
                        struct batch *batch, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t number;
    int rc = find_last(db, cutoff, &batch->last, err);

    if (rc || batch->last == 0)
        return rc;
    rc = history_db_number(db, "SELECT max(id) FROM archives", &number, err);
    if (rc == 0)
        rc = history_db_prepare(db,
                                "INSERT INTO archives(id,file,cutoff,last) "
                                "VALUES(?1,?2,?3,?4)",
                                &stmt, err);
    if (rc)
        return rc;
    batch->id = number + 1;
    batch->cutoff = cutoff;
    batch->file = file_name(dir, batch->id);
    sqlite3_bind_int64(stmt, 1, batch->id);
    sqlite3_bind_text(stmt, 2, batch->file, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, cutoff);
    sqlite3_bind_int64(stmt, 4, batch->last);
    rc = history_db_step(db, stmt, err);
    sqlite3_finalize(stmt);
    return rc ? rc : history_db_sync(db, err);
}

/* ------------------------------------------------------------------ the file */

static int prepare_steps(sqlite3 *db, sqlite3_stmt **ret, struct err *err)
{
    struct strbuf sql = STRBUF_INIT;
    int rc;

    strbuf_puts(&sql, "SELECT ");
    columns_names(&sql, &step_columns);
    strbuf_puts(&sql, " FROM steps WHERE job_row=?1 ORDER BY step_id");
    rc = history_db_prepare(db, sql.s, ret, err);
    strbuf_fini(&sql);
    return rc;
}

static void add_steps(struct strbuf *line, sqlite3_stmt *steps, int64_t row,
                      uint64_t *count)
{
    bool is_first = true;

    sqlite3_bind_int64(steps, 1, row);
    strbuf_puts(line, ",\"steps\":[");
    while (sqlite3_step(steps) == SQLITE_ROW) {
        cleanup(free_messagep) Berth__StepSummary *summary = xmalloc(sizeof(*summary));

        berth__step_summary__init(summary);
        (void)columns_read(steps, 0, &step_columns, summary);
        strbuf_puts(line, is_first ? "" : ",");
        json_message(line, &summary->base);
        is_first = false;
        (*count)++;
    }
    sqlite3_reset(steps);
    strbuf_putc(line, ']');
}

static int write_line(gzFile out, sqlite3_stmt *jobs, sqlite3_stmt *steps,
                      struct batch *batch, struct err *err)
{
    cleanup(free_messagep) Berth__HistoryJob *job = select_read(jobs, 0);
    struct strbuf line = STRBUF_INIT;
    int written;

    json_message(&line, &job->base);
    strbuf_cut(&line, line.len - 1); /* the closing brace comes later */
    add_steps(&line, steps, (int64_t)job->row, &batch->steps);
    strbuf_puts(&line, "}\n");
    batch->jobs++;
    written = gzwrite(out, line.s, (unsigned int)line.len);
    strbuf_fini(&line);
    return written > 0 ? 0 : err_sys(err, errno, "history.archive_dir: cannot write");
}

static int write_lines(sqlite3 *db, gzFile out, struct batch *batch, struct err *err)
{
    sqlite3_stmt *jobs = NULL, *steps = NULL;
    struct strbuf sql = STRBUF_INIT;
    int code = SQLITE_DONE, rc = prepare_steps(db, &steps, err);

    strbuf_puts(&sql, "SELECT ");
    select_columns(&sql);
    strbuf_puts(&sql, " FROM jobs WHERE " OF_BATCH " ORDER BY id");
    if (rc == 0)
        rc = history_db_prepare(db, sql.s, &jobs, err);
    strbuf_fini(&sql);
    if (rc == 0) {
        sqlite3_bind_int64(jobs, 1, batch->cutoff);
        sqlite3_bind_int64(jobs, 2, batch->last);
    }
    while (rc == 0 && (code = sqlite3_step(jobs)) == SQLITE_ROW)
        rc = write_line(out, jobs, steps, batch, err);
    if (rc == 0 && code != SQLITE_DONE)
        rc = history_db_fail(db, "archive", err);
    sqlite3_finalize(jobs);
    sqlite3_finalize(steps);
    return rc;
}

static int sync_dir(const char *file, struct err *err)
{
    cleanup(freep) char *dir = xstrndup(file, (size_t)(strrchr(file, '/') - file));
    cleanup(closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd))
        return err_sys(err, errno, "history.archive_dir: cannot sync %s", dir);
    return 0;
}

static int write_and_sync(sqlite3 *db, int fd, struct batch *batch, struct err *err)
{
    gzFile out = gzdopen(dup(fd), "wb");
    int rc;

    if (!out)
        return err_set(err, ENOMEM, "history.archive_dir: no memory");
    rc = write_lines(db, out, batch, err);
    if (gzclose(out) != Z_OK && rc == 0)
        rc = err_sys(err, errno ? errno : EIO, "history.archive_dir: cannot write %s",
                     batch->file);
    if (rc == 0 && fsync(fd))
        rc = err_sys(err, errno, "history.archive_dir: cannot sync %s", batch->file);
    return rc;
}

static int write_file(sqlite3 *db, struct batch *batch, struct err *err)
{
    cleanup(freep) char *temporary = xasprintf("%s.part", batch->file);
    cleanup(closep) int fd =
        open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc;

    if (fd < 0)
        return err_sys(err, errno, "history.archive_dir: cannot write %s", temporary);
    rc = write_and_sync(db, fd, batch, err);
    if (rc == 0 && rename(temporary, batch->file))
        rc = err_sys(err, errno, "history.archive_dir: cannot name %s", batch->file);
    return rc ? rc : sync_dir(batch->file, err);
}

/* ------------------------------------------------------------------ removal */

static int run_on_batch(sqlite3 *db, const char *sql, const struct batch *batch,
                        struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = history_db_prepare(db, sql, &stmt, err);

    if (rc == 0) {
        sqlite3_bind_int64(stmt, 1, batch->cutoff);
        sqlite3_bind_int64(stmt, 2, batch->last);
        rc = history_db_step(db, stmt, err);
    }
    sqlite3_finalize(stmt);
    return rc;
}

static int remove_rows(sqlite3 *db, struct batch *batch, struct err *err)
{
    cleanup(freep) char *done =
        xasprintf("UPDATE archives SET done=1, jobs=%llu, steps=%llu WHERE id=%lld",
                  (unsigned long long)batch->jobs, (unsigned long long)batch->steps,
                  (long long)batch->id);
    int rc = history_db_run(db, "BEGIN IMMEDIATE", err);

    if (rc == 0)
        rc = run_on_batch(db,
                          "DELETE FROM steps WHERE job_row IN (SELECT id FROM jobs "
                          "WHERE " OF_BATCH ")",
                          batch, err);
    if (rc == 0 && !batch->file[0])
        batch->steps = (uint64_t)sqlite3_changes(db);
    if (rc == 0)
        rc = run_on_batch(db, "DELETE FROM jobs WHERE " OF_BATCH, batch, err);
    if (rc == 0 && !batch->file[0])
        batch->jobs = (uint64_t)sqlite3_changes(db);
    if (rc == 0)
        rc = history_db_run(db, done, err);
    if (rc == 0)
        rc = history_db_run(db, "COMMIT", err);
    if (rc && !sqlite3_get_autocommit(db))
        (void)history_db_run(db, "ROLLBACK", NULL);
    return rc;
}

static void note(Berth__HistoryOrderReply *reply, const struct batch *batch)
{
    reply->jobs += batch->jobs;
    reply->steps += batch->steps;
    if (!batch->file[0])
        return;
    reply->files = xrealloc(reply->files, reply->n_files + 1, sizeof(*reply->files));
    reply->files[reply->n_files++] = xstrdup(batch->file);
}

/* One file; *ret_any tells whether there was anything for it. */
static int archive_batch(sqlite3 *db, const char *dir, int64_t cutoff,
                         Berth__HistoryOrderReply *reply, bool *ret_any,
                         struct err *err)
{
    struct batch batch = {.id = 0};
    int rc = read_intent(db, &batch, err);

    if (rc == 0 && batch.id == 0)
        rc = write_intent(db, dir, cutoff, &batch, err);
    *ret_any = batch.id != 0;
    if (rc == 0 && *ret_any && batch.file[0])
        rc = write_file(db, &batch, err);
    if (rc == 0 && *ret_any)
        rc = remove_rows(db, &batch, err);
    if (rc == 0 && *ret_any)
        note(reply, &batch);
    free(batch.file);
    return rc;
}

int archive(sqlite3 *db, const char *dir, int64_t cutoff,
            Berth__HistoryOrderReply **ret, struct err *err)
{
    cleanup(free_messagep) Berth__HistoryOrderReply *reply = xmalloc(sizeof(*reply));
    bool any = true;
    int rc = 0;

    berth__history_order_reply__init(reply);
    if (dir && *dir)
        rc = io_mkdir_p(dir, 0700, err);
    while (rc == 0 && any)
        rc = archive_batch(db, dir, cutoff, reply, &any, err);
    if (rc == 0)
        *ret = take(reply);
    return rc;
}
