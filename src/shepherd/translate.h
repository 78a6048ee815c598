/* SPDX-License-Identifier: Apache-2.0
 *
 * translate.h - what MPI plugins say, as messages, and back
 *
 * Pure. berth/mpi.h has plain structures, the wire has its own; both are copies of
 * each other.
 */
#ifndef BERTH_SHEPHERD_TRANSLATE_H
#define BERTH_SHEPHERD_TRANSLATE_H

#include <berth/mpi.h>
#include <stdbool.h>

#include "base/err.h"
#include "wire/messages.pb-c.h"

#define NSPACE_MAX 128

/* The namespace of a step: "berth.JOB.STEP.SECRET". Unguessable, as PMIx's own check
 * believes what a client says of itself: knowing the name is what admits it. */
void nspace_format(char out[NSPACE_MAX], uint32_t job, uint32_t step,
                   const ProtobufCBinaryData *secret);

/* A step as plugins want it: flat arrays over all ranks. 'of' points into this and
 * into the nodes. */
struct flat {
    struct berth_mpi_nspace of;
    const char **nodes;
    uint32_t *rank_node;
};

/* -EINVAL when ranks are missing. flat_fini also after a failure. */
int flat_init(struct flat *flat, const char *nspace, Berth__StepNode *const *nodes,
              size_t n_nodes, struct err *err);
void flat_fini(struct flat *flat);

/* What plugins are told of a step's programs. */
struct programs {
    uint32_t *first;
    const char *const **argv;
    char ***owned;
    uint32_t n;
};
void programs_init(struct programs *programs, const Berth__StepSpec *spec);
void programs_fini(struct programs *programs);

/* The call as a message, for free_message. 'index' is the asking node's. */
Berth__MpiCall *call_to_wire(const struct berth_mpi_call *call, uint32_t index);

/* The answer as plugins want it. It borrows from 'msg'; free with answer_fini. */
struct translated {
    struct berth_mpi_answer answer;
    struct berth_mpi_job_info *jobs;
    struct flat *flats;
    struct berth_mpi_proc_info *procs;
};
int answer_from_wire(const Berth__MpiAnswer *msg, struct translated *ret,
                     struct err *err);
void answer_fini(struct translated *translated);

#endif
