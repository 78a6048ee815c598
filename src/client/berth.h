/* SPDX-License-Identifier: Apache-2.0
 *
 * berth.h - libberth, the C interface to a Berth cluster
 *
 * Requests and replies are the protobuf-c messages of wire/messages.proto; they
 * are installed beside this header. A handle is one connection to the
 * controller, opened at first use; it is not thread-safe. Functions return 0 or
 * -Exxx, with words in 'struct berth_err'. Reply messages are freed with
 * berth_free.
 */
#ifndef BERTH_H
#define BERTH_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/messages.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BERTH_API __attribute__((visibility("default")))

struct berth;
struct berth_steps;

struct berth_err {
    int code;
    char text[480];
};

/* A handle on the cluster that 'config' describes (NULL: found as the berth
 * command finds it). Nothing is sent yet. */
BERTH_API int berth_open(const char *config, struct berth **ret, struct berth_err *err);
BERTH_API void berth_close(struct berth *berth);
/* Requests wait up to 'ms' (negative: for ever; 0, as at first: not at all) for a
 * controller that answered before and is away: it may be starting again. */
BERTH_API void berth_set_patience(struct berth *berth, int ms);
BERTH_API void berth_free(void *reply);

BERTH_API int berth_ping(struct berth *berth, Berth__Pong **ret, struct berth_err *err);

/* Submit. 'key' (NULL: one is made) makes a repeat after a time-out return the
 * same job; a lost connection is retried once with the same key. */
BERTH_API int berth_submit(struct berth *berth, const Berth__JobSpec *spec,
                           const char *key, Berth__SubmitReply **ret,
                           struct berth_err *err);
/* Many submissions that do not wait for each other, over one connection: each is
 * judged, queued and on disk by itself, as with berth_submit, and one that is refused
 * is none of the others' business. They become jobs in the order of the list.
 *
 * 0: all were answered, and each says what became of it. Otherwise the connection was
 * lost for good: those with neither 'job' nor 'code' may be jobs or not. Repeated
 * with the keys of the first time, they are the same jobs. */
struct berth_submission {
    const Berth__JobSpec *spec; /* borrowed; many may share one */
    const char *key;            /* as berth_submit's; borrowed */
    uint32_t job;               /* what it became; 0: nothing */
    int code;                   /* Exxx: why not */
    char *words;                /* the same in words, or a warning, or NULL; free(3) */
};
BERTH_API int berth_submit_many(struct berth *berth, struct berth_submission *list,
                                size_t n, struct berth_err *err);
/* Judge 'spec' as berth_submit would, and tell when and where the job would start:
 * 'start' (0: cannot be told), 'where', 'words'. Nothing is submitted. */
BERTH_API int berth_submit_test(struct berth *berth, const Berth__JobSpec *spec,
                                Berth__Explanation **ret, struct berth_err *err);
/* All jobs that match, or 'limit' of them, in order of their ids. They come in as
 * many pages as it takes; a job changes meanwhile, but none comes twice. With
 * 'active_first' one page comes, in which those that run stand before the others
 * when there are more than fit. 'total' of the reply is how many match. */
BERTH_API int berth_jobs(struct berth *berth, const Berth__JobQuery *query,
                         Berth__JobList **ret, struct berth_err *err);
/* The same page by page: each is lent to 'each', which ends it all by returning other
 * than 0. 'limit' is that of a page. */
BERTH_API int berth_job_pages(struct berth *berth, const Berth__JobQuery *query,
                              int (*each)(const Berth__JobList *list, void *ctx),
                              void *ctx, struct berth_err *err);
/* The same by columns, for lists of very many: a table for each page is lent to
 * 'each', which ends it all by returning other than 0. With ids there is one page. */
BERTH_API int berth_job_tables(struct berth *berth, const Berth__JobQuery *query,
                               int (*each)(const Berth__JobTable *table, void *ctx),
                               void *ctx, struct berth_err *err);
/* Change what jobs ask for; a setting is an option's name and text. */
BERTH_API int berth_update(struct berth *berth, const Berth__JobUpdate *update,
                           Berth__JobControlReply **ret, struct berth_err *err);
/* What the controller has done; 'reset' is the administrator's: it counts from now. */
BERTH_API int berth_diag(struct berth *berth, bool reset, Berth__Diag **ret,
                         struct berth_err *err);
BERTH_API int berth_control(struct berth *berth, const Berth__JobControl *control,
                            Berth__JobControlReply **ret, struct berth_err *err);
/* Block until all of 'ids' have started (or ended). 'timeout_ms' < 0: for ever;
 * -EAGAIN past it. Survives a restart of the controller by asking again. */
BERTH_API int berth_wait(struct berth *berth, const uint32_t *ids, size_t n_ids,
                         bool started, int timeout_ms, Berth__JobList **ret,
                         struct berth_err *err);

/* Watch: every change of jobs (nodes, steps) that 'request' asks for, once and in the
 * order in which they became durable.
 *
 *     berth_watch_open --> berth_watch_next, again and again --> berth_watch_close
 *
 * A watch has a connection of its own, finds the controller again after a restart, and
 * goes on behind the last change that was handed over. Later, or in another process, it
 * goes on after berth_watch_revision (request.since). The list of a JobList's
 * 'revision' and a watch since then fit together: what is in both has the same
 * record.revision.
 *
 * -ESTALE, of either call: the journal no longer has what comes next (history.events,
 * history.events_age). The watch is there all the same: take a full list, then go on
 * with berth_watch_next. A slow caller costs nobody anything. */
struct berth_watch;
BERTH_API int berth_watch_open(struct berth *berth, const Berth__WatchRequest *request,
                               struct berth_watch **ret, struct berth_err *err);
/* NULL is fine. Before berth_close. */
BERTH_API void berth_watch_close(struct berth_watch *watch);
/* The next change, borrowed until the next call. 'timeout_ms' < 0: for ever; -EAGAIN
 * past it. */
BERTH_API int berth_watch_next(struct berth_watch *watch, int timeout_ms,
                               const Berth__Event **ret, struct berth_err *err);
/* All up to here has been handed over, or is of no concern. */
BERTH_API uint64_t berth_watch_revision(const struct berth_watch *watch);
/* For poll(2): call berth_watch_next with timeout 0 until it says -EAGAIN before, and
 * when it is readable. It changes with the connection; -1 while there is none. */
BERTH_API int berth_watch_fd(const struct berth_watch *watch);

BERTH_API int berth_nodes(struct berth *berth, const Berth__NodeQuery *query,
                          Berth__NodeList **ret, struct berth_err *err);
/* Drain nodes, set them down, or let them work again; for administrators. */
BERTH_API int berth_node_control(struct berth *berth, const Berth__NodeControl *control,
                                 struct berth_err *err);

/* Accounts, their users and usage; QOS. Changes are the administrator's; they are
 * durable when it returns 0. A lost connection repeats a change, so adding may say
 * -EEXIST for what it has added itself. */
BERTH_API int berth_accounts(struct berth *berth, const Berth__AccountQuery *query,
                             Berth__AccountList **ret, struct berth_err *err);
BERTH_API int berth_account_change(struct berth *berth,
                                   const Berth__AccountChange *change,
                                   struct berth_err *err);
BERTH_API int berth_qos(struct berth *berth, const Berth__QosQuery *query,
                        Berth__QosList **ret, struct berth_err *err);
BERTH_API int berth_qos_change(struct berth *berth, const Berth__QosChange *change,
                               struct berth_err *err);

/* Why a job waits, when it will start and what would start it sooner; of one that
 * runs, why there. */
BERTH_API int berth_explain(struct berth *berth, uint32_t job, Berth__Explanation **ret,
                            struct berth_err *err);
/* Estimated starts of jobs that wait, soonest first. 'more' of the reply: those
 * that come last were not planned. */
BERTH_API int berth_starts(struct berth *berth, const Berth__StartQuery *query,
                           Berth__StartList **ret, struct berth_err *err);
/* What the priorities of waiting jobs are made of: all that match, or 'limit'. */
BERTH_API int berth_priorities(struct berth *berth, const Berth__PriorityQuery *query,
                               Berth__PriorityList **ret, struct berth_err *err);
/* Reservations. Changes are the administrator's; they are durable when it returns
 * 0, and *ret has the one that was changed, or none after a deletion. A lost
 * connection repeats a change, so adding may say -EEXIST for what it has added
 * itself. */
BERTH_API int berth_reservations(struct berth *berth,
                                 const Berth__ReservationQuery *query,
                                 Berth__ReservationList **ret, struct berth_err *err);
BERTH_API int berth_reserve(struct berth *berth, const Berth__ReservationChange *change,
                            Berth__ReservationList **ret, struct berth_err *err);

/* What jobs use on one node now, asked of its daemon (address and port as in NodeInfo
 * and NodeShare). Rates are what two answers differ by, over the difference of their
 * times. Each call connects anew. */
BERTH_API int berth_usage(struct berth *berth, const char *host, uint16_t port,
                          const Berth__UsageQuery *query, Berth__UsageList **ret,
                          struct berth_err *err);

/* What has become of jobs, from the site's history: those that wait and run too. One
 * page a call, oldest first: while 'more' of the reply is set, ask again with its
 * 'after' and 'after_step' in the query. A job that has ended is there once its end is
 * durable, which is before berth_wait tells it. */
BERTH_API int berth_history(struct berth *berth, const Berth__HistoryQuery *query,
                            Berth__HistoryList **ret, struct berth_err *err);
/* Sums over runs that ended: by user, account, day, ... */
BERTH_API int berth_report(struct berth *berth, const Berth__ReportQuery *query,
                           Berth__ReportList **ret, struct berth_err *err);
/* An administrator's order; answered when it is done. */
BERTH_API int berth_history_order(struct berth *berth, const Berth__HistoryOrder *order,
                                  Berth__HistoryOrderReply **ret,
                                  struct berth_err *err);

/* Objects of manifests. One reply for each that was sent, in order: a refusal of one
 * is in its reply's status. They are on disk when it returns 0. A lost connection
 * repeats a request; its key ("": one is made) sees to it that nothing is made twice.
 */
BERTH_API int berth_object_apply(struct berth *berth, const Berth__ObjectApply *apply,
                                 Berth__ObjectReplies **ret, struct berth_err *err);
/* All that match, or 'limit' of them; they come in as many pages as it takes. */
BERTH_API int berth_objects(struct berth *berth, const Berth__ObjectQuery *query,
                            Berth__ObjectList **ret, struct berth_err *err);
/* Ask objects to go. A pod goes when its containers have ended: 'status' of a reply
 * says what was refused, and berth_objects when it is gone. */
BERTH_API int berth_object_delete(struct berth *berth, const Berth__ObjectDelete *order,
                                  Berth__ObjectReplies **ret, struct berth_err *err);
/* What happened to objects, oldest first, a page a call: while 'more' of the reply is
 * set, ask again with 'after' the last id. */
BERTH_API int berth_object_events(struct berth *berth,
                                  const Berth__ObjectEventQuery *query,
                                  Berth__ObjectEventList **ret, struct berth_err *err);

/* Steps. Connect to the lead shepherd of a job: through a node's address (as
 * found in the job's placement), or by the local socket that $BERTH_LEAD names
 * inside an allocation ("unix:PATH" or "tcp:HOST:PORT:JOB"). */
BERTH_API int berth_steps_connect(struct berth *berth, const char *host, uint16_t port,
                                  uint32_t job, struct berth_steps **ret,
                                  struct berth_err *err);
BERTH_API int berth_steps_connect_lead(const char *lead, struct berth_steps **ret,
                                       struct berth_err *err);
/* Another shepherd of a job of 'owner': its lead ('step' < 0), or that of a step, at
 * the node it runs on. */
BERTH_API int berth_steps_connect_shepherd(struct berth *berth, const char *host,
                                           uint16_t port, uint32_t job, int64_t step,
                                           uint32_t owner, struct berth_steps **ret,
                                           struct berth_err *err);
/* A node's daemon itself (address and port as in NodeInfo): a log with 'job_id' is what
 * a container of a pod wrote that has ended there. */
BERTH_API int berth_steps_connect_node(struct berth *berth, const char *host,
                                       uint16_t port, struct berth_steps **ret,
                                       struct berth_err *err);
BERTH_API void berth_steps_close(struct berth_steps *steps);
/* Send one envelope: step_request, input, step_signal, release, step_query; or, as the
 * first one of a connection, exec, and then exec_data and exec_control. */
BERTH_API int berth_steps_send(struct berth_steps *steps, Berth__Envelope *env,
                               struct berth_err *err);
/* Next envelope of the step: step_started, output, task_ended, step_ended, or a
 * failed reply to the request (status). As caller_recv for time-outs. */
BERTH_API int berth_steps_recv(struct berth_steps *steps, int timeout_ms,
                               Berth__Envelope **ret, struct berth_err *err);
BERTH_API int berth_steps_fd(const struct berth_steps *steps);

#ifdef __cplusplus
}
#endif

#endif
