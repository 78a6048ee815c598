/* SPDX-License-Identifier: Apache-2.0
 *
 * switchboard.h - what MPI plugins ask of the lead, and say to other steps
 *
 *     switchboard.c   who is asked: publish, look up, gather, signal, messages
 *     spawn.c         steps that tasks ask for
 *     inquiry.c       what is known of steps and their tasks
 */
#ifndef BERTH_SHEPHERD_SWITCHBOARD_H
#define BERTH_SHEPHERD_SWITCHBOARD_H

#include "shepherd/gather.h"
#include "shepherd/lead.h"
#include "shepherd/names.h"
#include "shepherd/translate.h"

struct inquiry;

struct switchboard {
    struct lead *lead;
    struct names *names;
    struct gathers *gathers;
    struct inquiry *inquiries; /* that wait for nodes */
    uint64_t last_inquiry;
};

/* A step as others are told of it. 'nodes' and 'pointers' hold what 'msg' borrows. */
struct description {
    Berth__MpiNamespace msg;
    Berth__StepNode *nodes, **pointers;
    char nspace[NSPACE_MAX];
};

/* ------------------------------------------------------------- switchboard.c */
/* From the root of a step: the message was for the lead. */
void switchboard_take(struct run *run, const Berth__Envelope *env);
/* A task / the step is over. */
void switchboard_task_ended(struct run *run, uint32_t rank);
void switchboard_step_ended(struct run *run);

/* The step of that namespace that has been launched; NULL. */
struct run *switchboard_find(struct lead *lead, const char *nspace);
void describe_init(struct description *description, const struct run *run);
void describe_fini(struct description *description);
/* Answer the call 'cookie' of node 'index'. 'answer' has what there is beside that. */
void switchboard_answer(const struct run *run, uint32_t index, uint64_t cookie,
                        Berth__MpiAnswer *answer);
/* The same where there is only a status, with words that may be NULL. */
void switchboard_refuse(const struct run *run, uint32_t index, uint64_t cookie,
                        int status, const char *words);

/* ------------------------------------------------------------------- spawn.c */
void spawn_request(struct run *parent, const Berth__MpiCall *call);
/* A spawned step runs / cannot. */
void spawn_started(struct run *run);
void spawn_refused(struct run *run, const struct err *err);
/* Whether an ended step is kept, as others that it spawned run on; it ends with the
 * last of them. */
bool spawn_keeps(struct run *run);
/* A step is gone for good, with this outcome: its parent may be waiting. */
void spawn_ended(struct lead *lead, uint32_t parent, int exit_code, int exit_signal,
                 const char *words);
/* To all that the step has spawned. */
void spawn_signal(struct run *run, int signo, bool kill);
/* The client that sees what the step writes, and whose output it is there. */
struct conn *spawn_client(const struct run *run, uint32_t *rank);

/* ----------------------------------------------------------------- inquiry.c */
void inquiry_request(struct run *run, const Berth__MpiCall *call);
void inquiry_take(struct run *run, const Berth__MpiProcs *procs);
/* A step is over, about which or from which there was one. */
void inquiry_step_ended(struct run *run);

#endif
