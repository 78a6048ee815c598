/* SPDX-License-Identifier: Apache-2.0
 *
 * pmix_calls.c - what PMIx offers beside fences of all, without MPI
 *
 * Argument: publish, event, signal, group, timeout, query, fence, large, loss, abort or
 * log. Each task prints "RANK CALL ok" or what went wrong.
 */
#include <pmix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pmix_proc_t me;
static uint32_t size;
static volatile int n_events, n_signals;

static void fail(const char *what, pmix_status_t rc)
{
    printf("%u %s: %s\n", me.rank, what, PMIx_Error_string(rc));
    fflush(stdout);
    exit(1);
}

static void check(const char *what, pmix_status_t rc)
{
    if (rc != PMIX_SUCCESS)
        fail(what, rc);
}

static void fence_all(void)
{
    pmix_proc_t all;
    PMIX_LOAD_PROCID(&all, me.nspace, PMIX_RANK_WILDCARD);
    check("fence", PMIx_Fence(&all, 1, NULL, 0));
}

/* The last task publishes, the first waits for it. */
static void publish(void)
{
    pmix_info_t info, wait;
    pmix_pdata_t found;
    int yes = 1;
    PMIX_INFO_LOAD(&info, "a key", "a value", PMIX_STRING);
    PMIX_INFO_LOAD(&wait, PMIX_WAIT, &yes, PMIX_INT);
    PMIX_PDATA_CONSTRUCT(&found);
    PMIX_LOAD_KEY(found.key, "a key");
    if (me.rank == 0) {
        check("lookup", PMIx_Lookup(&found, 1, &wait, 1));
        if (found.value.type != PMIX_STRING || found.proc.rank != size - 1 ||
            strcmp(found.value.data.string, "a value") != 0)
            fail("value", PMIX_ERR_BAD_PARAM);
    }
    if (me.rank == size - 1) {
        char *keys[] = {info.key, NULL};
        sleep(1);
        check("publish", PMIx_Publish(&info, 1));
        if (PMIx_Publish(&info, 1) == PMIX_SUCCESS)
            fail("published twice", PMIX_SUCCESS);
        fence_all();
        check("unpublish", PMIx_Unpublish(keys, NULL, 0));
    } else {
        fence_all();
    }
    fence_all();
    if (PMIx_Lookup(&found, 1, NULL, 0) == PMIX_SUCCESS)
        fail("found what was unpublished", PMIX_SUCCESS);
}

static void on_event(size_t id, pmix_status_t status, const pmix_proc_t *source,
                     pmix_info_t info[], size_t n_info, pmix_info_t results[],
                     size_t n_results, pmix_event_notification_cbfunc_fn_t cbfunc,
                     void *cbdata)
{
    (void)id, (void)status, (void)info, (void)n_info, (void)results, (void)n_results;
    n_events += source->rank == 0;
    cbfunc(PMIX_EVENT_ACTION_COMPLETE, NULL, 0, NULL, NULL, cbdata);
}

#define OUR_EVENT (PMIX_EXTERNAL_ERR_BASE - 7)

static void event(void)
{
    pmix_status_t code = OUR_EVENT;
    PMIx_Register_event_handler(&code, 1, NULL, 0, on_event, NULL, NULL);
    fence_all();
    if (me.rank == 0)
        check("notify",
              PMIx_Notify_event(code, &me, PMIX_RANGE_NAMESPACE, NULL, 0, NULL, NULL));
    for (int i = 0; i < 300 && !n_events; i++)
        usleep(50000);
    fence_all();
    if (n_events != 1)
        fail(n_events ? "the event came more than once" : "no event", PMIX_ERROR);
}

static void on_signal(int signo)
{
    (void)signo;
    n_signals = n_signals + 1;
}

static void signal_last(void)
{
    pmix_info_t info;
    pmix_proc_t last;
    int signo = SIGUSR1;
    signal(SIGUSR1, on_signal);
    fence_all();
    PMIX_LOAD_PROCID(&last, me.nspace, size - 1);
    PMIX_INFO_LOAD(&info, PMIX_JOB_CTRL_SIGNAL, &signo, PMIX_INT);
    if (me.rank == 0) {
        pmix_info_t *results = NULL;
        size_t n = 0;
        check("job control", PMIx_Job_control(&last, 1, &info, 1, &results, &n));
    }
    for (int i = 0; me.rank == size - 1 && i < 300 && !n_signals; i++)
        usleep(50000);
    fence_all();
    if (n_signals != (me.rank == size - 1))
        fail("signals", PMIX_ERROR);
}

static void group(void)
{
    pmix_info_t info, *results = NULL;
    pmix_proc_t all;
    size_t n = 0;
    bool yes = true;
    PMIX_LOAD_PROCID(&all, me.nspace, PMIX_RANK_WILDCARD);
    PMIX_INFO_LOAD(&info, PMIX_GROUP_ASSIGN_CONTEXT_ID, &yes, PMIX_BOOL);
    check("construct", PMIx_Group_construct("ours", &all, 1, &info, 1, &results, &n));
    if (n < 1 || !PMIX_CHECK_KEY(&results[0], PMIX_GROUP_CONTEXT_ID))
        fail("no context id", PMIX_ERR_NOT_FOUND);
    check("destruct", PMIx_Group_destruct("ours", NULL, 0));
}

/* One task is missing: the others are told after a second. */
static void timeout(void)
{
    pmix_proc_t all;
    pmix_info_t info;
    int second = 1;
    PMIX_LOAD_PROCID(&all, me.nspace, PMIX_RANK_WILDCARD);
    PMIX_INFO_LOAD(&info, PMIX_TIMEOUT, &second, PMIX_INT);
    if (me.rank != size - 1) {
        pmix_status_t rc = PMIx_Fence(&all, 1, &info, 1);
        if (rc != PMIX_ERR_TIMEOUT)
            fail("a fence that cannot be over", rc);
    } else {
        sleep(3);
    }
}

static void query(void)
{
    pmix_query_t query;
    pmix_info_t *found = NULL;
    size_t n_found = 0;
    pmix_status_t rc;
    fence_all();
    PMIX_QUERY_CONSTRUCT(&query);
    PMIX_ARGV_APPEND(rc, query.keys, PMIX_QUERY_PROC_TABLE);
    check("query", rc);
    check("query", PMIx_Query_info(&query, 1, &found, &n_found));
    if (n_found != 1 || found[0].value.type != PMIX_DATA_ARRAY)
        fail("no table", PMIX_ERR_NOT_FOUND);
    pmix_data_array_t *array = found[0].value.data.darray;
    pmix_proc_info_t *table = array->array;
    for (size_t i = 0; i < array->size; i++)
        if (table[i].pid <= 0 || table[i].state != PMIX_PROC_STATE_CONNECTED)
            fail("a process that does not run", PMIX_ERROR);
    if (array->size != size)
        fail("not all processes", PMIX_ERROR);
    fence_all();
}

/* Even and odd tasks apart, again and again, and no data with the last. */
static void fences(void)
{
    pmix_proc_t half[64];
    pmix_info_t collect;
    pmix_value_t value, *got = NULL;
    bool no = false;
    size_t n = 0;
    for (uint32_t r = me.rank % 2; r < size && n < 64; r += 2, n++)
        PMIX_LOAD_PROCID(&half[n], me.nspace, r);
    for (int i = 0; i < 20; i++)
        check("fence of a half", PMIx_Fence(half, n, NULL, 0));
    PMIX_VALUE_LOAD(&value, &me.rank, PMIX_UINT32);
    check("put", PMIx_Put(PMIX_GLOBAL, "rank", &value));
    check("commit", PMIx_Commit());
    PMIX_INFO_LOAD(&collect, PMIX_COLLECT_DATA, &no, PMIX_BOOL);
    check("fence without data", PMIx_Fence(half, n, &collect, 1));
    check("get", PMIx_Get(&half[n - 1], "rank", NULL, 0, &got));
    if (got->type != PMIX_UINT32 || got->data.uint32 != half[n - 1].rank)
        fail("another's value", PMIX_ERROR);
    fence_all();
}

/* 10 MB of each node come to all others. */
static void large(void)
{
    enum { LEN = 10000000 };
    pmix_value_t value, *got = NULL;
    pmix_proc_t other, all;
    pmix_info_t collect;
    bool yes = true;
    uint32_t n_local;
    PMIX_LOAD_PROCID(&other, me.nspace, (me.rank + size / 2) % size);
    PMIX_LOAD_PROCID(&all, me.nspace, PMIX_RANK_WILDCARD);
    check("local size", PMIx_Get(&all, PMIX_LOCAL_SIZE, NULL, 0, &got));
    n_local = got->data.uint32;
    char *bytes = malloc(LEN / n_local);
    memset(bytes, 'a' + (int)me.rank, LEN / n_local);
    pmix_byte_object_t object = {.bytes = bytes, .size = LEN / n_local};
    PMIX_VALUE_LOAD(&value, &object, PMIX_BYTE_OBJECT);
    check("put", PMIx_Put(PMIX_GLOBAL, "bytes", &value));
    check("commit", PMIx_Commit());
    PMIX_INFO_LOAD(&collect, PMIX_COLLECT_DATA, &yes, PMIX_BOOL);
    check("fence", PMIx_Fence(&all, 1, &collect, 1));
    check("get", PMIx_Get(&other, "bytes", NULL, 0, &got));
    if (got->type != PMIX_BYTE_OBJECT || got->data.bo.size != LEN / n_local)
        fail("another's length", PMIX_ERROR);
    for (size_t i = 0; i < got->data.bo.size; i++)
        if (got->data.bo.bytes[i] != 'a' + (int)other.rank)
            fail("another's bytes", PMIX_ERROR);
}

static volatile int n_nodes_lost, n_tasks_lost;

static void on_loss(size_t id, pmix_status_t status, const pmix_proc_t *source,
                    pmix_info_t info[], size_t n_info, pmix_info_t results[],
                    size_t n_results, pmix_event_notification_cbfunc_fn_t cbfunc,
                    void *cbdata)
{
    (void)id, (void)info, (void)n_info, (void)results, (void)n_results;
    if (status == PMIX_EVENT_NODE_DOWN)
        n_nodes_lost = n_nodes_lost + 1;
    else if (source->rank >= size / 2)
        n_tasks_lost = n_tasks_lost + 1;
    cbfunc(PMIX_EVENT_ACTION_COMPLETE, NULL, 0, NULL, NULL, cbdata);
}

/* The second half of the tasks is on a node that is lost while the others wait for
 * them. These are told, by the fence and by events, and go on among themselves. */
static void loss(void)
{
    pmix_status_t codes[] = {PMIX_EVENT_NODE_DOWN, PMIX_ERR_PROC_ABORTED};
    pmix_proc_t half[64], all, last;
    pmix_value_t *got;
    PMIX_LOAD_PROCID(&all, me.nspace, PMIX_RANK_WILDCARD);
    PMIX_LOAD_PROCID(&last, me.nspace, size - 1);
    PMIx_Register_event_handler(codes, 2, NULL, 0, on_loss, NULL, NULL);
    fence_all();
    printf("%u waits\n", me.rank);
    fflush(stdout);
    while (me.rank >= size / 2)
        pause();
    pmix_status_t rc = PMIx_Fence(&all, 1, NULL, 0);
    if (rc != PMIX_ERR_LOST_CONNECTION)
        fail("a fence with a node that is lost", rc);
    for (int i = 0; i < 600 && (!n_nodes_lost || n_tasks_lost < (int)size / 2); i++)
        usleep(50000);
    if (n_nodes_lost != 1 || n_tasks_lost != (int)size / 2)
        fail("events", PMIX_ERROR);
    rc = PMIx_Get(&last, "what it never put", NULL, 0, &got);
    if (rc == PMIX_SUCCESS)
        fail("a value of who is lost", rc);
    for (uint32_t r = 0; r < size / 2; r++)
        PMIX_LOAD_PROCID(&half[r], me.nspace, r);
    check("fence of those that are left", PMIx_Fence(half, size / 2, NULL, 0));
}

/* The first task ends the last alone; all others go on. */
static void abort_last(void)
{
    pmix_proc_t half[64];
    pmix_proc_t last;
    PMIX_LOAD_PROCID(&last, me.nspace, size - 1);
    fence_all();
    while (me.rank == size - 1)
        pause();
    if (me.rank == 0)
        check("abort", PMIx_Abort(3, "not that one", &last, 1));
    for (uint32_t r = 0; r < size - 1; r++)
        PMIX_LOAD_PROCID(&half[r], me.nspace, r);
    check("fence of those that are left", PMIx_Fence(half, size - 1, NULL, 0));
}

static void log_line(void)
{
    pmix_info_t info;
    char line[64];
    snprintf(line, sizeof(line), "log of %u\n", me.rank);
    PMIX_INFO_LOAD(&info, PMIX_LOG_STDERR, line, PMIX_STRING);
    check("log", PMIx_Log(&info, 1, NULL, 0));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } calls[] = {
        {"publish", publish}, {"event", event},      {"signal", signal_last},
        {"group", group},     {"timeout", timeout},  {"query", query},
        {"fence", fences},    {"log", log_line},     {"large", large},
        {"loss", loss},       {"abort", abort_last},
    };
    pmix_proc_t all;
    pmix_value_t *value;
    check("init", PMIx_Init(&me, NULL, 0));
    PMIX_LOAD_PROCID(&all, me.nspace, PMIX_RANK_WILDCARD);
    check("size", PMIx_Get(&all, PMIX_JOB_SIZE, NULL, 0, &value));
    size = value->data.uint32;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (argc > 1 && strcmp(argv[1], calls[i].name) == 0) {
            calls[i].run();
            printf("%u %s ok\n", me.rank, argv[1]);
        }
    fflush(stdout);
    check("finalize", PMIx_Finalize(NULL, 0));
    return 0;
}
