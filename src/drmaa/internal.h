/* SPDX-License-Identifier: Apache-2.0
 *
 * internal.h - what the files of libdrmaa share
 *
 *     template.c  job templates: names and values, judged when they are set
 *     submit.c    from a template to 'berth submit'
 *     session.c   the one session; the jobs it has submitted; the watch over them
 *     wait.c      waiting for them, and what their ends mean
 *     control.c   orders, and states
 *     lists.c     the three kinds of lists that callers go through
 *     words.c     errors and names
 */
#ifndef BERTH_DRMAA_INTERNAL_H
#define BERTH_DRMAA_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "client/berth.h"
#include "drmaa/drmaa.h"

#define EXPORT __attribute__((visibility("default")))
#define NO_TASK UINT32_MAX

/* Say why in the caller's buffer, and return 'code'. */
int drmaa_fail(char *diagnosis, size_t len, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for an error of libberth's. */
int drmaa_fail_berth(char *diagnosis, size_t len, const struct berth_err *err);
/* 'text' in the caller's buffer; DRMAA_ERRNO_INVALID_ARGUMENT if it is too small. */
int drmaa_give(char *buffer, size_t len, const char *text);

/* ----------------------------------------------------------------- lists.c */
/* All three kinds are this. Takes over 'texts', an strv. */
void *list_create(char **texts);

/* -------------------------------------------------------------- template.c */
/* NULL when it was not set. */
const char *template_get(const drmaa_job_template_t *jt, const char *name);
char *const *template_get_vector(const drmaa_job_template_t *jt, const char *name);

/* --------------------------------------------------------------- session.c */
/* A job of the session. 'task' is NO_TASK, or its index in the bulk. */
struct job {
    uint32_t id, task;
    bool has_ended;
    int stat; /* then: see wait.c */
    int64_t submit_time, start_time, end_time;
    uint64_t cpu_usec, max_rss_kib;
};

/* Locked by session_enter (DRMAA_ERRNO_NO_ACTIVE_SESSION if there is none, and then not
 * locked). Jobs are found again after each wait: the table moves. */
int session_enter(char *diagnosis, size_t len);
void session_leave(void);
/* While it is entered: */
struct berth *session_berth(void);
const char *session_config(void); /* NULL: found */
/* Before a submission: from here on nothing that happens to its job is missed. */
int session_watch(char *diagnosis, size_t len);
void session_add(uint32_t id, uint32_t task);
struct job *session_find(const char *text);
size_t session_n_jobs(void);
struct job *session_job(size_t i);
void session_remove(struct job *job);
/* Wait for something to happen until 'deadline' (CLOCK_MONOTONIC; NULL: for ever), the
 * lock given up meanwhile. DRMAA_ERRNO_EXIT_TIMEOUT past it. */
int session_wait(const struct timespec *deadline, char *diagnosis, size_t len);

/* ------------------------------------------------------------------ wait.c */
/* Take over how a job has ended. */
void job_take_end(struct job *job, const Berth__JobRecord *record, const char *state);

/* "17" or "17_3"; false when it is neither. */
bool job_id_parse(const char *text, uint32_t *ret_id, uint32_t *ret_task);
char *job_id_format(uint32_t id, uint32_t task);

#endif
