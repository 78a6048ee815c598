/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pmi.c - tasks that speak PMI line by line to a server without sockets
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapping.h"
#include "server.h"

/* What the server has said to its host. */
struct heard {
    struct text fence;
    int n_fences, n_aborts, n_connected, n_finalized;
    uint32_t abort_rank;
    int abort_status;
    char words[512];
    int n_calls;
    enum berth_mpi_verb verb;
    uint64_t cookie;
    char key[64], data[64], programs[256];
};

static void hear_fence(void *ctx, const uint8_t id[16], const uint32_t *nodes,
                       size_t n_nodes, const void *data, size_t len)
{
    struct heard *heard = ctx;

    (void)id;
    (void)nodes;
    assert_int_equal(n_nodes, 0);
    text_fini(&heard->fence);
    text_add(&heard->fence, data, len);
    heard->n_fences++;
}

static void hear_abort(void *ctx, uint32_t rank, int status, const char *words)
{
    struct heard *heard = ctx;

    heard->n_aborts++;
    heard->abort_rank = rank;
    heard->abort_status = status;
    (void)snprintf(heard->words, sizeof(heard->words), "%s", words);
}

static void hear_client(void *ctx, uint32_t rank, int is_finalized)
{
    struct heard *heard = ctx;

    (void)rank;
    heard->n_connected += !is_finalized;
    heard->n_finalized += is_finalized;
}

/* A program as "command,argument...*tasks@hosts ". */
static void write_program(char *to, size_t size, const struct berth_mpi_app *app)
{
    size_t len = strlen(to);

    for (const char *const *word = app->argv; *word; word++)
        len += (size_t)snprintf(to + len, size - len, "%s%s",
                                word == app->argv ? "" : ",", *word);
    (void)snprintf(to + len, size - len, "*%u@%s ", app->n_tasks,
                   app->hosts ? app->hosts : "");
}

static void hear_call(void *ctx, const struct berth_mpi_call *call)
{
    struct heard *heard = ctx;

    heard->n_calls++;
    heard->verb = call->verb;
    heard->cookie = call->cookie;
    heard->programs[0] = '\0';
    (void)snprintf(heard->key, sizeof(heard->key), "%s", call->key ? call->key : "");
    memset(heard->data, 0, sizeof(heard->data));
    if (call->len)
        memcpy(heard->data, call->data, call->len);
    for (size_t i = 0; i < call->n_apps; i++)
        write_program(heard->programs, sizeof(heard->programs), &call->apps[i]);
}

/* Ranks 2 and 3 of four, on the second of two nodes. */
struct node {
    struct heard heard;
    struct berth_mpi_host host;
    struct server *server;
};

static void node_init(struct node *node)
{
    static const uint32_t rank_node[] = {0, 0, 1, 1}, local[] = {2, 3};
    static const char *const names[] = {"n1", "n2"};
    struct berth_mpi_step step = {.nspace = "berth.17.3.0123456789abcdef",
                                  .node_index = 1,
                                  .n_nodes = 2,
                                  .nodes = names,
                                  .n_tasks = 4,
                                  .rank_node = rank_node,
                                  .local_ranks = local,
                                  .n_local = 2};

    *node = (struct node){.host = {.fence = hear_fence,
                                   .abort = hear_abort,
                                   .client = hear_client,
                                   .call = hear_call}};
    node->host.ctx = &node->heard;
    node->server = server_create(&step, &node->host);
}

static void node_fini(struct node *node)
{
    server_destroy(node->server);
    text_fini(&node->heard.fence);
}

static struct client *task(struct node *node, uint32_t rank)
{
    return server_client(node->server, rank);
}

static void write_as(struct node *node, uint32_t rank, const char *text)
{
    char why[256] = "";

    if (client_feed(task(node, rank), text, strlen(text), why))
        fail_msg("%s", why);
}

/* All that the task has to read now. */
static void reads(struct node *node, uint32_t rank, const char *want)
{
    struct text *out = &task(node, rank)->out;

    assert_string_equal(out->s ? out->s : "", want);
    text_fini(out);
}

static void asks(struct node *node, uint32_t rank, const char *text, const char *want)
{
    write_as(node, rank, text);
    reads(node, rank, want);
}

static void begin_1(struct node *node, uint32_t rank)
{
    asks(node, rank, "cmd=init pmi_version=1 pmi_subversion=1\n",
         "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0\n");
}

/* A frame around 'body'; static. */
static const char *frame(const char *body)
{
    static char text[2][4096];
    static int turn;

    turn = !turn;
    (void)snprintf(text[turn], sizeof(text[turn]), "%6zu%s", strlen(body), body);
    return text[turn];
}

static void begin_2(struct node *node, uint32_t rank)
{
    char want[256];

    asks(node, rank, "cmd=init pmi_version=2 pmi_subversion=0\n",
         "cmd=response_to_init pmi_version=2 pmi_subversion=0 rc=0\n");
    write_as(node, rank, frame("cmd=fullinit;pmijobid=;pmirank=2;threaded=FALSE;"));
    (void)snprintf(want, sizeof(want),
                   "cmd=fullinit-response;rc=0;pmi-version=2;pmi-subversion=0;rank=%u;"
                   "size=4;appnum=0;debugged=FALSE;pmiverbose=FALSE;",
                   rank);
    reads(node, rank, frame(want));
}

static void version_one_asks_what_it_needs_to_begin(void **state)
{
    struct node node;

    (void)state;
    node_init(&node);
    begin_1(&node, 2);
    asks(&node, 2, "cmd=get_maxes\n",
         "cmd=maxes kvsname_max=256 keylen_max=64 vallen_max=1024\n");
    asks(&node, 2, "cmd=get_appnum\n", "cmd=appnum appnum=0\n");
    asks(&node, 2, "cmd=get_my_kvsname\n", "cmd=my_kvsname kvsname=berth.17.3\n");
    asks(&node, 2, "cmd=get_universe_size\n", "cmd=universe_size size=4\n");
    asks(&node, 2, "cmd=get kvsname=berth.17.3 key=PMI_process_mapping\n",
         "cmd=get_result rc=0 msg=success value=(vector,(0,2,2))\n");
    assert_int_equal(node.heard.n_connected, 1);
    asks(&node, 2, "cmd=finalize\n", "cmd=finalize_ack\n");
    assert_int_equal(node.heard.n_finalized, 1);
    node_fini(&node);
}

static void a_value_may_hold_blanks_and_may_be_put_again(void **state)
{
    struct node node;

    (void)state;
    node_init(&node);
    begin_1(&node, 2);
    asks(&node, 2, "cmd=put kvsname=berth.17.3 key=a value=one two = three\n",
         "cmd=put_result rc=0 msg=success\n");
    asks(&node, 2, "cmd=get kvsname=berth.17.3 key=a\n",
         "cmd=get_result rc=0 msg=success value=one two = three\n");
    asks(&node, 2, "cmd=put kvsname=berth.17.3 key=a value=\n",
         "cmd=put_result rc=0 msg=success\n");
    asks(&node, 2, "cmd=get kvsname=berth.17.3 key=a\n",
         "cmd=get_result rc=0 msg=success value=\n");
    node_fini(&node);
}

static void what_has_no_place_is_refused_and_the_task_goes_on(void **state)
{
    struct node node;
    char line[2048];

    (void)state;
    node_init(&node);
    begin_1(&node, 2);
    asks(&node, 2, "cmd=put kvsname=other key=a value=1\n",
         "cmd=put_result rc=-1 msg=no_such_kvs\n");
    (void)snprintf(line, sizeof(line),
                   "cmd=put kvsname=berth.17.3 key=a value=%01024d\n", 1);
    asks(&node, 2, line, "cmd=put_result rc=-1 msg=key_or_value_refused\n");
    (void)snprintf(line, sizeof(line), "cmd=put kvsname=berth.17.3 key=%064d value=1\n",
                   1);
    asks(&node, 2, line, "cmd=put_result rc=-1 msg=key_or_value_refused\n");
    asks(&node, 2, "cmd=get kvsname=berth.17.3 key=a\n",
         "cmd=get_result rc=-1 msg=key_not_found value=unknown\n");
    asks(&node, 2, "cmd=make_coffee\n",
         "cmd=make_coffee_result rc=-1 msg=unknown_command\n");
    asks(&node, 2, "cmd=singinit pmi_version=1 pmi_subversion=1\n",
         "cmd=singinit_info versionok=no stdio=no kvsname=singleton_has_no_step\n");
    node_fini(&node);
}

static void a_barrier_waits_for_all_and_carries_what_is_new(void **state)
{
    static const char others[] = "card-0\0zero\0card-1\0one";
    struct node node;

    (void)state;
    node_init(&node);
    begin_1(&node, 2);
    begin_1(&node, 3);
    asks(&node, 2, "cmd=put kvsname=berth.17.3 key=card-2 value=two\n",
         "cmd=put_result rc=0 msg=success\n");
    asks(&node, 2, "cmd=barrier_in\n", "");
    assert_int_equal(node.heard.n_fences, 0);
    asks(&node, 3, "cmd=barrier_in\n", "");
    assert_int_equal(node.heard.n_fences, 1);
    assert_int_equal(node.heard.fence.len, sizeof("card-2\0two"));
    assert_memory_equal(node.heard.fence.s, "card-2\0two", sizeof("card-2\0two"));

    server_fence_done(node.server, 0, others, sizeof(others));
    reads(&node, 2, "cmd=barrier_out\n");
    reads(&node, 3, "cmd=barrier_out\n");
    asks(&node, 3, "cmd=get kvsname=berth.17.3 key=card-1\n",
         "cmd=get_result rc=0 msg=success value=one\n");

    /* What was told once is not told again. */
    asks(&node, 3, "cmd=barrier_in\n", "");
    asks(&node, 2, "cmd=barrier_in\n", "");
    assert_int_equal(node.heard.n_fences, 2);
    assert_int_equal(node.heard.fence.len, 0);
    node_fini(&node);
}

static void a_fence_that_brings_nonsense_ends_the_step(void **state)
{
    static const char *const bad[] = {"a", "a\0b", "\0b\0"};
    static const size_t lens[] = {1, 3, 3};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct node node;

        node_init(&node);
        begin_1(&node, 2);
        write_as(&node, 2, "cmd=barrier_in\n");
        server_fence_done(node.server, 0, bad[i], lens[i]);
        assert_int_equal(node.heard.n_aborts, 1);
        node_fini(&node);
    }
}

static void requests_may_come_in_pieces_and_several_at_once(void **state)
{
    const char *text = "cmd=init pmi_version=1 pmi_subversion=1\ncmd=get_appnum\n"
                       "cmd=get_universe_size\n";
    struct node node;
    char why[256];

    (void)state;
    node_init(&node);
    for (const char *c = text; *c; c++)
        assert_int_equal(client_feed(task(&node, 3), c, 1, why), 0);
    reads(&node, 3,
          "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0\n"
          "cmd=appnum appnum=0\ncmd=universe_size size=4\n");
    node_fini(&node);
}

static void version_two_begins_as_one_and_goes_on_in_frames(void **state)
{
    struct node node;

    (void)state;
    node_init(&node);
    begin_2(&node, 2);
    write_as(&node, 2, frame("cmd=job-getid;"));
    reads(&node, 2, frame("cmd=job-getid-response;rc=0;jobid=berth.17.3;"));
    write_as(&node, 2, frame("cmd=kvs-put;thrid=5;key=a;value=x;;y;"));
    reads(&node, 2, frame("cmd=kvs-put-response;thrid=5;rc=0;"));
    write_as(&node, 2, frame("cmd=kvs-get;jobid=berth.17.3;srcid=-1;key=a;"));
    reads(&node, 2, frame("cmd=kvs-get-response;rc=0;found=TRUE;value=x;;y;"));
    write_as(&node, 2, frame("cmd=kvs-get;key=b;"));
    reads(&node, 2, frame("cmd=kvs-get-response;rc=0;found=FALSE;"));
    write_as(&node, 2, frame("cmd=info-getjobattr;key=universeSize;"));
    reads(&node, 2, frame("cmd=info-getjobattr-response;rc=0;found=TRUE;value=4;"));
    write_as(&node, 2, frame("cmd=finalize;"));
    reads(&node, 2, frame("cmd=finalize-response;rc=0;"));
    assert_int_equal(node.heard.n_finalized, 1);
    node_fini(&node);
}

static void an_attribute_is_waited_for(void **state)
{
    struct node node;

    (void)state;
    node_init(&node);
    begin_2(&node, 2);
    begin_2(&node, 3);
    write_as(&node, 2, frame("cmd=info-getnodeattr;key=shm;wait=FALSE;"));
    reads(&node, 2, frame("cmd=info-getnodeattr-response;rc=0;found=FALSE;"));
    write_as(&node, 2, frame("cmd=info-getnodeattr;thrid=8;key=shm;wait=TRUE;"));
    reads(&node, 2, "");
    write_as(&node, 3, frame("cmd=info-putnodeattr;key=else;value=1;"));
    reads(&node, 3, frame("cmd=info-putnodeattr-response;rc=0;"));
    reads(&node, 2, "");
    write_as(&node, 3, frame("cmd=info-putnodeattr;key=shm;value=/x;"));
    reads(&node, 2,
          frame("cmd=info-getnodeattr-response;thrid=8;rc=0;found=TRUE;value=/x;"));
    node_fini(&node);
}

static void both_versions_meet_in_one_barrier(void **state)
{
    struct node node;

    (void)state;
    node_init(&node);
    begin_1(&node, 2);
    begin_2(&node, 3);
    write_as(&node, 2, "cmd=barrier_in\n");
    write_as(&node, 3, frame("cmd=kvs-fence;"));
    assert_int_equal(node.heard.n_fences, 1);
    server_fence_done(node.server, 0, NULL, 0);
    reads(&node, 2, "cmd=barrier_out\n");
    reads(&node, 3, frame("cmd=kvs-fence-response;rc=0;"));
    node_fini(&node);
}

static void names_are_the_leads_to_know(void **state)
{
    struct node node;

    (void)state;
    node_init(&node);
    begin_1(&node, 2);
    begin_2(&node, 3);
    asks(&node, 2, "cmd=publish_name service=ocean port=tag#0 on n2\n", "");
    assert_int_equal(node.heard.verb, BERTH_MPI_PUBLISH);
    assert_string_equal(node.heard.key, "ocean");
    assert_string_equal(node.heard.data, "tag#0 on n2");
    asks(&node, 2, "cmd=get_appnum\n",
         "cmd=get_appnum_result rc=-1 msg=earlier_one_unanswered\n");
    server_answer(node.server, node.heard.cookie, 0, "");
    reads(&node, 2, "cmd=publish_result rc=0 msg=success\n");
    server_answer(node.server, node.heard.cookie, 0, "");
    reads(&node, 2, "");

    write_as(&node, 3, frame("cmd=name-lookup;thrid=2;name=ocean;"));
    server_answer(node.server, node.heard.cookie, 0, "a;b");
    reads(&node, 3,
          frame("cmd=name-lookup-response;thrid=2;rc=0;found=TRUE;port=a;;b;"
                "value=a;;b;"));
    asks(&node, 2, "cmd=lookup_name service=sea\n", "");
    server_answer(node.server, node.heard.cookie, ENOENT, "");
    reads(&node, 2, "cmd=lookup_result rc=-1 msg=name_not_found\n");
    asks(&node, 2, "cmd=publish_name service=sea\n",
         "cmd=publish_result rc=-1 msg=refused\n");
    node_fini(&node);
}

static void programs_to_spawn_are_read_in_both_versions(void **state)
{
    struct node node;

    (void)state;
    node_init(&node);
    begin_1(&node, 2);
    begin_2(&node, 3);
    asks(&node, 2,
         "mcmd=spawn\nnprocs=2\nexecname=/bin/a\ntotspawns=2\nspawnssofar=1\n"
         "argcnt=1\narg1=-v 3\npreput_num=1\npreput_key_0=PORT\npreput_val_0=x y\n"
         "info_num=1\ninfo_key_0=host\ninfo_val_0=n1\nendcmd\n",
         "");
    assert_int_equal(node.heard.n_calls, 0);
    asks(&node, 2,
         "mcmd=spawn\nnprocs=1\nexecname=b\ntotspawns=2\nspawnssofar=2\nargcnt=0\n"
         "endcmd\n",
         "");
    assert_string_equal(node.heard.programs, "/bin/a,-v 3*2@n1 b*1@ ");
    assert_memory_equal(node.heard.data, "PORT\0x y", 9);
    server_answer(node.server, node.heard.cookie, 0, "berth.17.4");
    reads(&node, 2, "cmd=spawn_result rc=0 msg=success\n");

    write_as(&node, 3,
             frame("cmd=spawn;ncmds=1;preputcount=0;subcmd=/bin/c;maxprocs=3;argc=2;"
                   "argv0=-x;argv1=;infokeycount=0;"));
    assert_string_equal(node.heard.programs, "/bin/c,-x,*3@ ");
    server_answer(node.server, node.heard.cookie, 0, "berth.17.5");
    reads(&node, 3, frame("cmd=spawn-response;rc=0;jobid=berth.17.5;nerrs=0;"));
    asks(&node, 2, "mcmd=spawn\nnprocs=0\nexecname=b\nendcmd\n",
         "cmd=spawn_result rc=-1 msg=command_refused\n");
    asks(&node, 2, "mcmd=spawn\nnprocs=2\nendcmd\n",
         "cmd=spawn_result rc=-1 msg=refused\n");
    node_fini(&node);
}

static void an_abort_says_who_and_why(void **state)
{
    struct node node;

    (void)state;
    node_init(&node);
    begin_1(&node, 3);
    write_as(&node, 3, "cmd=abort exitcode=9 message=no more sand\n");
    assert_int_equal(node.heard.abort_rank, 3);
    assert_int_equal(node.heard.abort_status, 9);
    assert_string_equal(node.heard.words, "task 3 called MPI_Abort: no more sand");
    node_fini(&node);
}

static void nonsense_is_not_heard_to_its_end(void **state)
{
    static const char *const nonsense[] = {
        "GET / HTTP/1.1\n",
        "cmd=get_appnum\n",
        "mcmd=spawn\n",
        "cmd=init pmi_version=1 pmi_subversion=1\nput\n",
        "cmd=init pmi_version=2 pmi_subversion=0\n    -1cmd=x;",
        "cmd=init pmi_version=2 pmi_subversion=0\n999999cmd=x;",
        "cmd=init pmi_version=2 pmi_subversion=0\n     5cmd=x",
        "cmd=init pmi_version=2 pmi_subversion=0\n     0",
        "cmd=init pmi_version=2 pmi_subversion=0\n     4a=b;",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        struct node node;
        char why[256] = "";

        node_init(&node);
        assert_int_equal(
            client_feed(task(&node, 2), nonsense[i], strlen(nonsense[i]), why),
            -EPROTO);
        assert_memory_equal(why, "task 2 speaks no PMI: ", 22);
        node_fini(&node);
    }
}

static void a_line_without_end_is_not_kept(void **state)
{
    struct node node;
    char block[4096], why[256];
    int rc = 0, n = 0;

    (void)state;
    node_init(&node);
    memset(block, 'a', sizeof(block));
    while (!rc && n++ < 100)
        rc = client_feed(task(&node, 2), block, sizeof(block), why);
    assert_int_equal(rc, -EPROTO);
    assert_true(n < 10);
    node_fini(&node);
}

static void mapping_is(const uint32_t *rank_node, uint32_t n, const char *want)
{
    struct text text = {0};

    mapping_of(rank_node, n, &text);
    assert_string_equal(text.s, want);
    text_fini(&text);
}

static void mappings_are_as_short_as_they_can_be(void **state)
{
    static const uint32_t one[] = {0}, block[] = {0, 0, 1, 1, 2, 2},
                          cyclic[] = {0, 1, 2, 0, 1, 2},
                          uneven[] = {0, 0, 0, 1, 1, 2, 2}, back[] = {1, 0},
                          rest[] = {0, 1, 2, 0, 1}, pairs[] = {0, 0, 1, 1, 0, 0, 1, 1};

    (void)state;
    mapping_is(one, 1, "(vector,(0,1,1))");
    mapping_is(block, 6, "(vector,(0,3,2))");
    mapping_is(cyclic, 6, "(vector,(0,3,1))");
    mapping_is(uneven, 7, "(vector,(0,1,3),(1,2,2))");
    mapping_is(back, 2, "(vector,(1,1,1),(0,1,1))");
    mapping_is(rest, 5, "(vector,(0,3,1),(0,2,1))");
    mapping_is(pairs, 8, "(vector,(0,2,2))");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_one_asks_what_it_needs_to_begin),
        cmocka_unit_test(a_value_may_hold_blanks_and_may_be_put_again),
        cmocka_unit_test(what_has_no_place_is_refused_and_the_task_goes_on),
        cmocka_unit_test(a_barrier_waits_for_all_and_carries_what_is_new),
        cmocka_unit_test(a_fence_that_brings_nonsense_ends_the_step),
        cmocka_unit_test(requests_may_come_in_pieces_and_several_at_once),
        cmocka_unit_test(version_two_begins_as_one_and_goes_on_in_frames),
        cmocka_unit_test(an_attribute_is_waited_for),
        cmocka_unit_test(both_versions_meet_in_one_barrier),
        cmocka_unit_test(names_are_the_leads_to_know),
        cmocka_unit_test(programs_to_spawn_are_read_in_both_versions),
        cmocka_unit_test(an_abort_says_who_and_why),
        cmocka_unit_test(nonsense_is_not_heard_to_its_end),
        cmocka_unit_test(a_line_without_end_is_not_kept),
        cmocka_unit_test(mappings_are_as_short_as_they_can_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
