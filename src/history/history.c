/* SPDX-License-Identifier: Apache-2.0
 *
 * history.c - the two threads of the history, and the queues between them and us
 */
#include "history/history.h"

#include "base/mem.h"
#include "history/archive.h"
#include "history/history_db.h"
#include "history/recorder.h"
#include "history/report.h"
#include "wire/pack.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#define RETRY_S 5       /* after a failure */
#define SYNC_S 10       /* what is applied becomes durable */
#define ARCHIVE_S 86400 /* by itself */
#define CATCH_UP_S 30   /* a question waits so long for what was committed before it */
#define NICE 15         /* of the recorder: submissions and starts come first */
#define GATHER_MS 50    /* events that come soon after each other are one batch */
#define GATHER_MAX 2000 /* but no more of them */

struct task {
    struct history_question question;
    struct viewer viewer;
    uint64_t revision; /* that must be applied before it is answered */
    history_answer *answer;
    void *ctx;
    void *message;
    struct err err;
    struct task *prev, *next;
};

struct history {
    struct history_options options;
    pthread_t recorder_thread, reader_thread;
    unsigned int n_threads;
    pthread_mutex_t lock;
    pthread_cond_t work; /* for either thread */
    pthread_cond_t applied_more;
    bool is_closing, is_idle; /* the recorder waits for any event at all */
    uint64_t target, applied, durable;
    struct task *questions, *orders, *answered;
    bool has_trouble;
    struct err trouble;
    bool knows_all;            /* as it was opened */
    struct recorder *recorder; /* the recorder thread's */
    sqlite3 *reader;           /* the reader thread's */
};

static void task_free(struct task *task)
{
    free_message(task->question.list);
    free_message(task->question.report);
    free_message(task->question.order);
    free_message(task->message);
    free(task);
}

static struct timespec after_ms(int64_t ms)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += ms / 1000;
    ts.tv_nsec += ms % 1000 * 1000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000;
    }
    return ts;
}

static int64_t now_s(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec;
}

static void finish(struct history *history, struct task *task)
{
    pthread_mutex_lock(&history->lock);
    DL_APPEND(history->answered, task);
    pthread_mutex_unlock(&history->lock);
    history->options.notify(history->options.ctx);
}

/* ------------------------------------------------------------------ recorder */

static void tell_trouble(struct history *history, const struct err *err)
{
    pthread_mutex_lock(&history->lock);
    history->has_trouble = strcmp(history->trouble.text, err->text) != 0;
    history->trouble = *err;
    pthread_mutex_unlock(&history->lock);
    history->options.notify(history->options.ctx);
}

static bool has_batch(const struct history *history)
{
    return history->target - history->applied >= GATHER_MAX;
}

/* More will come soon: a transaction for each event would cost more than its rows.
 * Unless somebody waits. */
static void gather(struct history *history)
{
    struct timespec ts = after_ms(GATHER_MS);
    int rc = 0;

    while (!history->is_closing && !history->questions && !history->orders &&
           history->target > history->applied && !has_batch(history) && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&history->work, &history->lock, &ts);
}

/* Wait until there is something to do, at most until 'until'. False: the end. */
static bool wait_for_events(struct history *history, int64_t until,
                            struct task **ret_order)
{
    struct timespec ts = {.tv_sec = until};
    bool goes_on;
    int rc = 0;

    pthread_mutex_lock(&history->lock);
    history->is_idle = true;
    while (!history->is_closing && history->target <= history->applied &&
           !history->orders && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&history->work, &history->lock, &ts);
    history->is_idle = false;
    gather(history);
    *ret_order = NULL;
    if (history->orders && history->target <= history->applied) {
        *ret_order = history->orders;
        DL_DELETE(history->orders, *ret_order);
    }
    goes_on = !history->is_closing;
    pthread_mutex_unlock(&history->lock);
    return goes_on;
}

/* After a failure: nothing, for a while. */
static void pause_recorder(struct history *history)
{
    struct timespec ts = after_ms(RETRY_S * 1000);

    pthread_mutex_lock(&history->lock);
    while (!history->is_closing &&
           pthread_cond_timedwait(&history->work, &history->lock, &ts) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&history->lock);
}

static void note_progress(struct history *history, bool is_durable)
{
    pthread_mutex_lock(&history->lock);
    history->applied = recorder_applied(history->recorder);
    if (is_durable)
        history->durable = history->applied;
    history->trouble = (struct err){0};
    pthread_cond_broadcast(&history->applied_more);
    pthread_mutex_unlock(&history->lock);
}

static int64_t cutoff_of(const struct history *history, int64_t before)
{
    if (before)
        return before;
    return history->options.keep < 0 ? 0 : time(NULL) - history->options.keep;
}

static void carry_out(struct history *history, struct task *order)
{
    int64_t cutoff = cutoff_of(history, order->question.order->before);
    Berth__HistoryOrderReply *reply = NULL;

    if (cutoff <= 0)
        (void)err_set(&order->err, EINVAL,
                      "history.keep is unlimited: say which time to archive before");
    else if (archive(recorder_db(history->recorder), history->options.archive_dir,
                     cutoff, &reply, &order->err) == 0)
        order->message = reply;
    finish(history, order);
}

/* What is kept for a time only leaves once a day. */
static int archive_by_age(struct history *history, int64_t *due, struct err *err)
{
    cleanup(free_messagep) Berth__HistoryOrderReply *reply = NULL;

    if (history->options.keep < 0 || now_s() < *due)
        return 0;
    *due = now_s() + ARCHIVE_S;
    return archive(recorder_db(history->recorder), history->options.archive_dir,
                   cutoff_of(history, 0), &reply, err);
}

static int sync_rows(struct history *history, struct err *err)
{
    /* Only this thread writes these. */
    if (recorder_applied(history->recorder) == history->durable)
        return 0;
    return history_db_sync(recorder_db(history->recorder), err);
}

static void lower_priority(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
}

static void *record(void *arg)
{
    struct history *history = arg;
    int64_t sync_due = now_s() + SYNC_S, archive_due = now_s();
    struct task *order;

    lower_priority();
    while (wait_for_events(history, sync_due, &order)) {
        struct err err = {0};
        bool is_due = now_s() >= sync_due;
        int rc = recorder_run(history->recorder, &err);

        if (rc == 0 && is_due)
            rc = archive_by_age(history, &archive_due, &err);
        if (rc == 0 && is_due)
            rc = sync_rows(history, &err);
        if (rc == 0)
            note_progress(history, is_due);
        if (is_due)
            sync_due = now_s() + SYNC_S;
        if (order)
            carry_out(history, order);
        if (rc) {
            tell_trouble(history, &err);
            pause_recorder(history);
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------ reader */

/* The next question, once what was committed before it is applied. NULL: the end. */
static struct task *next_question(struct history *history)
{
    struct task *task = NULL;
    struct timespec ts;
    int rc = 0;

    pthread_mutex_lock(&history->lock);
    while (!history->is_closing && !history->questions)
        pthread_cond_wait(&history->work, &history->lock);
    ts = after_ms(CATCH_UP_S * 1000);
    while (!history->is_closing && rc != ETIMEDOUT && !history->trouble.code &&
           history->applied < history->questions->revision)
        rc = pthread_cond_timedwait(&history->applied_more, &history->lock, &ts);
    if (!history->is_closing) {
        task = history->questions;
        DL_DELETE(history->questions, task);
    }
    pthread_mutex_unlock(&history->lock);
    return task;
}

static void answer(struct history *history, struct task *task)
{
    Berth__HistoryList *list = NULL;
    Berth__ReportList *report = NULL;

    if (task->question.list && select_jobs(history->reader, task->question.list,
                                           &task->viewer, &list, &task->err) == 0)
        task->message = list;
    if (task->question.report && report_make(history->reader, task->question.report,
                                             &task->viewer, &report, &task->err) == 0)
        task->message = report;
    finish(history, task);
}

static void *read_rows(void *arg)
{
    struct history *history = arg;
    struct task *task;

    while ((task = next_question(history)))
        answer(history, task);
    return NULL;
}

/* ------------------------------------------------------------------ interface */

static void init_locks(struct history *history)
{
    pthread_condattr_t attr;

    BUG_ON(pthread_mutex_init(&history->lock, NULL));
    BUG_ON(pthread_condattr_init(&attr));
    BUG_ON(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
    BUG_ON(pthread_cond_init(&history->work, &attr));
    BUG_ON(pthread_cond_init(&history->applied_more, &attr));
    (void)pthread_condattr_destroy(&attr);
}

static int start_threads(struct history *history, struct err *err)
{
    int rc = pthread_create(&history->recorder_thread, NULL, record, history);

    if (rc == 0) {
        history->n_threads++;
        rc = pthread_create(&history->reader_thread, NULL, read_rows, history);
    }
    if (rc == 0)
        history->n_threads++;
    return rc ? err_sys(err, rc, "history: cannot start a thread") : 0;
}

int history_open(const struct history_options *options, struct history **ret,
                 struct err *err)
{
    struct history *history = xcalloc(1, sizeof(*history));
    int rc;

    history->options = *options;
    init_locks(history);
    rc = recorder_create(options->store, options->file, &history->recorder, err);
    if (rc == 0)
        rc = history_db_open_reader(options->file, &history->reader, err);
    if (rc == 0) {
        history->applied = recorder_applied(history->recorder);
        history->knows_all = recorder_knows_all(history->recorder);
        /* What of it is durable is not known until the first sync. */
        rc = start_threads(history, err);
    }
    if (rc)
        history_close(history);
    else
        *ret = history;
    return rc;
}

static void drop_tasks(struct task **list, void (*drop)(void *ctx))
{
    struct task *task, *next;

    DL_FOREACH_SAFE(*list, task, next)
    {
        DL_DELETE(*list, task);
        if (drop)
            drop(task->ctx);
        task_free(task);
    }
}

void history_drop(struct history *history, void (*drop)(void *ctx))
{
    pthread_mutex_lock(&history->lock);
    drop_tasks(&history->questions, drop);
    drop_tasks(&history->orders, drop);
    drop_tasks(&history->answered, drop);
    pthread_mutex_unlock(&history->lock);
}

static void stop_threads(struct history *history)
{
    pthread_mutex_lock(&history->lock);
    history->is_closing = true;
    pthread_cond_broadcast(&history->work);
    pthread_cond_broadcast(&history->applied_more);
    pthread_mutex_unlock(&history->lock);
    if (history->n_threads > 0)
        BUG_ON(pthread_join(history->recorder_thread, NULL));
    if (history->n_threads > 1) {
        sqlite3_interrupt(history->reader);
        BUG_ON(pthread_join(history->reader_thread, NULL));
    }
}

void history_close(struct history *history)
{
    if (!history)
        return;
    stop_threads(history);
    drop_tasks(&history->questions, NULL);
    drop_tasks(&history->orders, NULL);
    drop_tasks(&history->answered, NULL);
    sqlite3_close(history->reader);
    recorder_destroy(history->recorder);
    (void)pthread_mutex_destroy(&history->lock);
    (void)pthread_cond_destroy(&history->work);
    (void)pthread_cond_destroy(&history->applied_more);
    free(history);
}

void history_committed(struct history *history, uint64_t revision)
{
    pthread_mutex_lock(&history->lock);
    history->target = revision;
    if (history->is_idle || has_batch(history))
        pthread_cond_broadcast(&history->work);
    pthread_mutex_unlock(&history->lock);
}

bool history_knows_all(const struct history *history)
{
    return history->knows_all;
}

uint64_t history_durable(struct history *history)
{
    uint64_t durable;

    pthread_mutex_lock(&history->lock);
    durable = history->durable;
    pthread_mutex_unlock(&history->lock);
    return durable;
}

bool history_trouble(struct history *history, struct err *ret)
{
    bool has_trouble;

    pthread_mutex_lock(&history->lock);
    has_trouble = history->has_trouble;
    history->has_trouble = false;
    *ret = history->trouble;
    pthread_mutex_unlock(&history->lock);
    return has_trouble;
}

void history_ask(struct history *history, struct history_question question,
                 const struct viewer *viewer, history_answer *answer_fn, void *ctx)
{
    struct task *task = xcalloc(1, sizeof(*task));

    task->question = question;
    task->viewer = *viewer;
    task->answer = answer_fn;
    task->ctx = ctx;
    pthread_mutex_lock(&history->lock);
    task->revision = history->target;
    if (question.order)
        DL_APPEND(history->orders, task);
    else
        DL_APPEND(history->questions, task);
    pthread_cond_broadcast(&history->work);
    pthread_mutex_unlock(&history->lock);
}

void history_deliver(struct history *history)
{
    struct task *answered, *task, *next;

    pthread_mutex_lock(&history->lock);
    answered = history->answered;
    history->answered = NULL;
    pthread_mutex_unlock(&history->lock);
    DL_FOREACH_SAFE(answered, task, next)
    {
        DL_DELETE(answered, task);
        task->answer(take(task->message), task->err.code ? &task->err : NULL,
                     task->ctx);
        task_free(task);
    }
}
