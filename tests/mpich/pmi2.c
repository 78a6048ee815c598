/* SPDX-License-Identifier: Apache-2.0
 *
 * pmi2.c - PMI-2 by a client library that is not ours: keys, attributes, names, abort
 *
 * Each rank prints "rank R of N ok" when all went as it should. "pmi2 abort": rank 0
 * asks for the end instead. "pmi2 names": names are published as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <slurm/pmi2.h>

static int rank, size;

static void want(int is_true, const char *what)
{
    if (is_true)
        return;
    printf("rank %d: %s\n", rank, what);
    fflush(stdout);
    exit(1);
}

static void exchange_keys(void)
{
    char key[32], value[1024], long_value[1024], got[1024];
    int len;

    memset(long_value, 'x', sizeof(long_value) - 1);
    long_value[sizeof(long_value) - 1] = '\0';
    snprintf(key, sizeof(key), "card-%d", rank);
    snprintf(value, sizeof(value), "a;b;;c=%d", rank);
    want(PMI2_KVS_Put(key, value) == PMI2_SUCCESS, "put");
    if (rank == 0)
        want(PMI2_KVS_Put("long", long_value) == PMI2_SUCCESS, "put of 1023 bytes");
    want(PMI2_KVS_Fence() == PMI2_SUCCESS, "fence");
    for (int other = 0; other < size; other++) {
        snprintf(key, sizeof(key), "card-%d", other);
        snprintf(value, sizeof(value), "a;b;;c=%d", other);
        want(PMI2_KVS_Get(NULL, PMI2_ID_NULL, key, got, sizeof(got), &len) ==
                 PMI2_SUCCESS,
             "get");
        want(strcmp(got, value) == 0, "what was got is what was put");
    }
    want(PMI2_KVS_Get(NULL, PMI2_ID_NULL, "long", got, sizeof(got), &len) ==
                 PMI2_SUCCESS &&
             strcmp(got, long_value) == 0,
         "get of 1023 bytes");
    want(PMI2_KVS_Get(NULL, PMI2_ID_NULL, "no such key", got, sizeof(got), &len) !=
             PMI2_SUCCESS,
         "a key that nobody put is not there");
}

/* The first of a node puts it, the others wait for it. */
static void exchange_attributes(int is_first)
{
    char got[1024];
    int found = 0;

    if (is_first)
        want(PMI2_Info_PutNodeAttr("file", "/dev/shm/x") == PMI2_SUCCESS,
             "put an attribute");
    want(PMI2_Info_GetNodeAttr("file", got, sizeof(got), &found, 1) == PMI2_SUCCESS &&
             found && strcmp(got, "/dev/shm/x") == 0,
         "wait for an attribute");
    want(PMI2_Info_GetNodeAttr("none", got, sizeof(got), &found, 0) == PMI2_SUCCESS &&
             !found,
         "an attribute that is not there");
}

static void ask_for_facts(void)
{
    char got[1024], job[256];
    int found = 0;

    want(PMI2_Info_GetJobAttr("PMI_process_mapping", got, sizeof(got), &found) ==
                 PMI2_SUCCESS &&
             found && strncmp(got, "(vector,", 8) == 0,
         "the mapping");
    if (rank == 0)
        printf("mapping %s\n", got);
    want(PMI2_Info_GetJobAttr("universeSize", got, sizeof(got), &found) ==
                 PMI2_SUCCESS &&
             found && atoi(got) >= size,
         "the universe");
    want(PMI2_Job_GetId(job, sizeof(job)) == PMI2_SUCCESS && *job, "the job's name");
}

static void publish(void)
{
    char port[1024] = "";

    if (rank == 0)
        want(PMI2_Nameserv_publish("ocean", NULL, "port;7") == PMI2_SUCCESS, "publish");
    want(PMI2_KVS_Fence() == PMI2_SUCCESS, "fence");
    want(PMI2_Nameserv_lookup("ocean", NULL, port, sizeof(port)) == PMI2_SUCCESS &&
             strcmp(port, "port;7") == 0,
         "lookup");
    want(PMI2_KVS_Fence() == PMI2_SUCCESS, "fence");
    if (rank == 0)
        want(PMI2_Nameserv_unpublish("ocean", NULL) == PMI2_SUCCESS, "unpublish");
    want(PMI2_KVS_Fence() == PMI2_SUCCESS, "fence");
    want(PMI2_Nameserv_lookup("ocean", NULL, port, sizeof(port)) != PMI2_SUCCESS,
         "lookup after unpublish");
}

int main(int argc, char **argv)
{
    int spawned, appnum;
    const char *local = getenv("LOCAL_FIRST");

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (PMI2_Init(&spawned, &size, &rank, &appnum) != PMI2_SUCCESS) {
        printf("no PMI-2\n");
        return 1;
    }
    want(!spawned && appnum <= 0, "not spawned");
    if (argc > 1 && strcmp(argv[1], "abort") == 0 && rank == 0) {
        PMI2_Abort(1, "enough");
        return 7;
    }
    exchange_keys();
    exchange_attributes(local ? rank == atoi(local) : 1);
    ask_for_facts();
    if (argc > 1)
        publish();
    want(PMI2_Finalize() == PMI2_SUCCESS, "finalize");
    printf("rank %d of %d ok\n", rank, size);
    return 0;
}
