/* SPDX-License-Identifier: Apache-2.0
 *
 * lead_fixture.h - a real lead, with the test as its node and its clients
 */
#ifndef BERTH_TESTS_LEAD_FIXTURE_H
#define BERTH_TESTS_LEAD_FIXTURE_H

#include "node_double.h"

struct fixture {
    struct node_double node;
    struct shepherd_double lead, step;
    Berth__JobSpec spec;
    char *output;
};

/* cmocka's; a lead that has no work yet. */
#define LEAD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int setup(void **state);
int teardown(void **state);
/* Make it the lead of job 17, with this script; "": it waits for clients. */
int assign_lead(struct fixture *f, const char *script);
/* From the node, as SignalJob has it. */
void send_signal(struct fixture *f, int signo);
/* Take the report of the end, acknowledge it, and see the lead off. */
Berth__Envelope *finish(struct fixture *f);
void end_job(struct fixture *f);

/* A client, as inside of the job, and the step it asks for. */
struct caller *connect_client(struct fixture *f);
void request(struct caller *client, char **argv, size_t n_argv);
void request_step(struct caller *client, const char *program, const char *arg);
void request_shell(struct caller *client, char *script);
/* Do as a node does: give the lead's launch, or the next one, to another shepherd. */
void start_step(struct fixture *f, Berth__Envelope *env);
void launch(struct fixture *f);

#endif
