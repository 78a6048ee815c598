/* SPDX-License-Identifier: Apache-2.0
 *
 * query.c - answer what jobs there are and how they do, at once, from memory
 */
#include "controller/query.h"

#include "base/mem.h"
#include "controller/arrays.h"
#include "controller/handlers.h"
#include "controller/pods/helpers.h"
#include "controller/job_index.h"
#include "controller/job_table.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "controller/pods/pods.h"
#include "controller/query_pods.h"
#include "controller/query_select.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Jobs in one answer. It is made while nothing else is done: at a microsecond or
 * few each, others hardly notice a page, but would a list of all. */
#define PAGE 500
#define PAGE_WITH_SPECS 50
#define PAGE_BYTES (8u << 20) /* of pods: what their leads say may be long */
#define PAGE_OF_TABLE 4000
/* Of arrays that are asked for by number; there are no pages of these. */
#define ELEMENTS_MAX 10000
#define TABLE_OF_IDS_MAX (2 * ELEMENTS_MAX)

/* One entry of a list. The messages borrow every string from the job: a list
 * is packed before anything changes, and copies nothing. */
struct entry {
    Berth__JobInfo info;
    Berth__JobRecord record;
    Berth__JobSpec spec;
    Berth__PodWish pod;     /* without the manifest: that is the object's */
    char *lacks;            /* why it waits, NULL: nothing to say */
    Berth__JobSpec *loaded; /* from the store, NULL: it is in memory */
};

struct list {
    struct entry *entries;
    size_t n, cap;
    size_t loaded_bytes, pod_bytes;
    size_t total; /* that match */
    bool more;    /* after the last of them */
    bool with_pods, with_manifests;
    uint32_t next;
    struct job_table *table; /* instead of entries; NULL: entries */
};

static const char *reason_word(enum sched_reason reason, limit_reason limit)
{
    switch (reason) {
    case SCHED_NONE:
        return "None";
    case SCHED_PRIORITY:
        return "Priority";
    case SCHED_RESOURCES:
        return "Resources";
    case SCHED_HELD:
        return "JobHeldUser";
    case SCHED_BEGIN_TIME:
        return "BeginTime";
    case SCHED_PARTITION_DOWN:
        return "PartitionDown";
    case SCHED_NODES_DOWN:
        return "ReqNodeNotAvail";
    case SCHED_DEPENDENCY:
        return "Dependency";
    case SCHED_DEPENDENCY_NEVER:
        return "DependencyNeverSatisfied";
    case SCHED_LICENSES:
        return "Licenses";
    case SCHED_RESERVATION:
        return "Reservation";
    case SCHED_ARRAY_LIMIT:
        return "JobArrayTaskLimit";
    case SCHED_LIMIT:
        return limit_reason_name(limit);
    case SCHED_PAST_DEADLINE:
        return "DeadLine";
    case SCHED_GANG:
        return "GangIncomplete";
    }
    return "None";
}

char *query_field(const char *text)
{
    const char *borrowed = text ? text : protobuf_c_empty_string;
    char *unconst;

    memcpy(&unconst, &borrowed, sizeof(unconst));
    return unconst;
}

uint32_t query_asked_cpus(const Berth__JobSpec *spec)
{
    uint32_t tasks = spec->tasks;

    if (!tasks)
        tasks = (spec->nodes_min ? spec->nodes_min : 1) *
                (spec->tasks_per_node ? spec->tasks_per_node : 1);
    return tasks * (spec->cpus_per_task ? spec->cpus_per_task : 1);
}

const char *query_reason(const struct controller *ctl, const struct ctl_job *cj)
{
    if (pods_wait(cj))
        return "PodWaits";
    return reason_word(sched_why(ctl->sched, cj->id, NULL),
                       sched_limit_of(ctl->sched, cj->id));
}

static void fill_pending(const struct controller *ctl, const struct ctl_job *cj,
                         int64_t now, struct entry *entry)
{
    struct err lacks = {0};

    (void)sched_why(ctl->sched, cj->id, &lacks);
    if (pods_wait(cj))
        entry->lacks = xstrdup(pods_wait(cj));
    else if (lacks.text[0])
        entry->lacks = xstrdup(lacks.text);
    entry->info.reason = query_field(query_reason(ctl, cj));
    entry->info.priority = sched_priority(ctl->sched, cj->id, now);
    entry->info.promised = sched_promised(ctl->sched, cj->id);
}

static void fill_pod(const Berth__JobSpec *spec, struct entry *entry)
{
    if (!spec->pod)
        return;
    entry->pod = *spec->pod;
    entry->pod.manifest = (ProtobufCBinaryData){0};
}

static void fill_spec(const struct ctl_job *cj, struct entry *entry)
{
    entry->spec = entry->loaded ? *entry->loaded : *cj->job.spec;
    fill_pod(&entry->spec, entry);
}

/* What others may see, and who wants to know what was asked for. */
static void fill_public_spec(const struct ctl_job *cj, struct entry *entry)
{
    entry->spec = *cj->job.spec;
    entry->spec.script.len = 0;
    entry->spec.n_env = 0;
    fill_pod(&entry->spec, entry);
}

/* What columns show: the rest would cost every list more than the list itself. */
static void fill_bare_spec(const struct ctl_job *cj, struct entry *entry)
{
    const Berth__JobSpec *from = cj->job.spec;
    Berth__JobSpec *spec = &entry->spec;

    berth__job_spec__init(spec);
    spec->name = from->name;
    spec->user = from->user;
    spec->uid = from->uid;
    spec->gid = from->gid;
    spec->partition = from->partition;
    spec->account = from->account;
    spec->qos = from->qos;
    spec->comment = from->comment;
    spec->cwd = from->cwd;
    spec->container = from->container;
    spec->nodes_min = from->nodes_min;
    spec->nodes_max = from->nodes_max;
    spec->tasks = from->tasks;
    spec->time_limit = from->time_limit;
    spec->interactive = from->interactive;
    spec->array = from->array;
    spec->pod = from->pod;
    fill_pod(from, entry);
}

static void fill(const struct controller *ctl, const struct ctl_job *cj, int64_t now,
                 struct entry *entry)
{
    enum job_state state = job_state_of(&cj->job);

    berth__job_info__init(&entry->info);
    entry->record = *cj->job.record;
    /* Whoever knows the key could be answered as its owner's client. */
    entry->record.submit_key = query_field(NULL);
    entry->info.state = query_field(job_state_name(state));
    entry->info.state_short = query_field(job_state_short(state));
    entry->info.nodes = query_field(cj->nodes);
    entry->info.cpus = cj->cpus ? cj->cpus : query_asked_cpus(cj->job.spec);
    entry->info.time_limit = job_time_limit(&cj->job);
    if (cj->job.record->placement) {
        const Berth__NodeShare *lead = job_lead(&cj->job);

        entry->info.n_nodes = (uint32_t)cj->job.record->placement->n_shares;
        entry->info.lead = query_field(lead ? lead->node : NULL);
    }
    if (state == JOB_PENDING)
        fill_pending(ctl, cj, now, entry);
    if (helpers_wait(ctl, cj)) {
        entry->info.reason = query_field("HelperPods");
        entry->lacks = helpers_wait_words(ctl, cj);
    }
}

static struct entry *list_add(struct list *list)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 16;
        list->entries = xrealloc(list->entries, list->cap, sizeof(*list->entries));
    }
    memset(&list->entries[list->n], 0, sizeof(*list->entries));
    return &list->entries[list->n++];
}

/* Ended jobs have their scripts on disk only. Past a frame's size the answer
 * will be refused, so nothing more is read. */
static void load_spec(struct list *list, const struct controller *ctl,
                      const struct ctl_job *cj, struct entry *entry)
{
    if (!cj->is_shed || list->loaded_bytes > WIRE_FRAME_MAX)
        return;
    entry->loaded = jobs_load_spec(ctl, cj->id);
    if (entry->loaded)
        list->loaded_bytes += berth__job_spec__get_packed_size(entry->loaded);
}

/* How much of a job an answer has. */
enum detail {
    ROW,    /* what columns show: the map of a wide job is longer than a page */
    WISHES, /* and what was asked, without script and environment */
    PLACE,  /* as ROW, and where it runs, task by task */
    WISHES_AND_PLACE,
    WHOLE /* and what was asked, down to the script */
};

static void table_put(struct list *list, const struct conn *conn,
                      const struct ctl_job *cj)
{
    const struct controller *ctl = conn->ctl;
    const char *reason = NULL;
    int64_t priority = 0, promised = 0;

    if (job_state_of(&cj->job) == JOB_PENDING) {
        reason = query_reason(ctl, cj);
        priority = sched_priority(ctl->sched, cj->id, controller_now());
        promised = sched_promised(ctl->sched, cj->id);
    }
    list->more |= job_table_add(list->table, cj, reason, priority, promised) != 0;
}

static size_t list_count(const struct list *list)
{
    return list->table ? job_table_count(list->table) : list->n;
}

static void list_put(struct list *list, const struct conn *conn,
                     const struct ctl_job *cj, enum detail detail)
{
    bool is_theirs =
        conn_uid(conn) == cj->job.spec->uid || controller_is_admin(conn_uid(conn));
    struct entry *entry;

    if (list->table) {
        table_put(list, conn, cj);
        return;
    }
    entry = list_add(list);
    if (detail == WHOLE && is_theirs) {
        load_spec(list, conn->ctl, cj, entry);
        fill_spec(cj, entry);
    } else if (detail == WHOLE || detail == WISHES || detail == WISHES_AND_PLACE) {
        fill_public_spec(cj, entry);
    } else {
        fill_bare_spec(cj, entry);
    }
    fill(conn->ctl, cj, controller_now(), entry);
    if (list->with_pods && is_theirs)
        entry->info.pods = query_pods(conn->ctl, cj, list->with_manifests);
    if (entry->info.pods)
        list->pod_bytes += berth__job_pods__get_packed_size(entry->info.pods);
    if (detail < PLACE)
        entry->record.placement = NULL;
}

/* Entries point into themselves: set when the array no longer moves. */
static void list_settle(struct list *list, Berth__JobInfo **infos)
{
    for (size_t i = 0; i < list->n; i++) {
        struct entry *entry = &list->entries[i];

        entry->info.record = &entry->record;
        entry->info.spec = &entry->spec;
        if (entry->spec.pod)
            entry->spec.pod = &entry->pod;
        if (entry->lacks)
            entry->record.state_words = entry->lacks;
        infos[i] = &entry->info;
    }
}

static void list_fini(struct list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->entries[i].lacks);
        free_message(list->entries[i].loaded);
        query_pods_free(list->entries[i].info.pods);
    }
    free(list->entries);
    job_table_destroy(list->table);
}

static void table_reply(struct conn *conn, uint64_t id, struct list *list)
{
    Berth__JobTable message = *job_table_message(list->table);
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;

    message.more = list->more;
    message.next = list->next;
    message.now = controller_now();
    reply.body_case = BERTH__ENVELOPE__BODY_JOB_TABLE;
    reply.job_table = &message;
    conn_reply(conn, id, &reply);
    list_fini(list);
}

static void list_reply(struct conn *conn, uint64_t id, struct list *list)
{
    cleanup(freep) Berth__JobInfo **infos = xcalloc(list->n, sizeof(*infos));
    Berth__JobList message = BERTH__JOB_LIST__INIT;
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;

    list_settle(list, infos);
    message.jobs = infos;
    message.n_jobs = list->n;
    message.revision = store_revision(conn->ctl->store);
    message.total = (uint32_t)list->total;
    message.more = list->more;
    message.next = list->next;
    reply.body_case = BERTH__ENVELOPE__BODY_JOB_LIST;
    reply.job_list = &message;
    conn_reply(conn, id, &reply);
    list_fini(list);
}

Berth__JobInfo *query_job_info(const struct conn *conn, const struct ctl_job *cj)
{
    struct list list = {0};
    Berth__JobInfo *info = NULL, *ret;

    list_put(&list, conn, cj, PLACE);
    list_settle(&list, &info);
    ret = copy_message(&info->base);
    list_fini(&list);
    return ret;
}

void query_reply_ids(struct conn *conn, uint64_t id, const uint32_t *ids, size_t n_ids)
{
    struct list list = {0};

    if (!conn->ch)
        return;
    for (size_t i = 0; i < n_ids; i++) {
        const struct ctl_job *cj = jobs_find(conn->ctl, ids[i]);

        if (cj)
            list_put(&list, conn, cj, PLACE);
    }
    list_reply(conn, id, &list);
}

int query_check_ids(size_t n_ids, struct err *err)
{
    if (n_ids > QUERY_IDS_MAX)
        return err_set(err, E2BIG, "%zu job ids: at most %d in one request", n_ids,
                       QUERY_IDS_MAX);
    return 0;
}

int query_states(char *const *words, size_t n_words, uint32_t *ret_mask,
                 struct err *err)
{
    uint32_t mask = 0;

    for (size_t i = 0; i < n_words; i++) {
        enum job_state state;
        int rc = job_state_parse(words[i], &state, err);

        if (rc)
            return rc;
        mask |= 1u << state;
    }
    *ret_mask = mask;
    return 0;
}

static bool matches(const Berth__JobQuery *query, uint32_t states,
                    const struct ctl_job *cj)
{
    const Berth__JobSpec *spec = cj->job.spec;
    enum job_state state = job_state_of(&cj->job);

    if (states ? !(states & 1u << state)
               : !query->all && query->n_ids == 0 && job_state_is_final(state))
        return false;
    if (query->user[0] && strcmp(query->user, spec->user) != 0)
        return false;
    if (query->partition[0] && strcmp(query->partition, spec->partition) != 0)
        return false;
    return query_is_listed(query, cj);
}

static bool meets(const struct array_spec *a, const struct array_spec *b)
{
    for (uint32_t i = array_spec_next(a, 0); i != ARRAY_NONE;
         i = array_spec_next(a, i + 1))
        if (array_spec_contains(b, i))
            return true;
    return false;
}

static enum detail detail_of(const Berth__JobQuery *query, enum detail otherwise)
{
    if (query->with_spec)
        return WHOLE;
    if (query->with_wishes)
        return otherwise == PLACE ? WISHES_AND_PLACE : WISHES;
    return otherwise;
}

/* An array: what stands for elements that have not begun, and the others; 'which'
 * NULL: all. Asked for its spec, the array is one job. */
static void list_array(struct list *list, struct conn *conn,
                       const Berth__JobQuery *query, uint32_t states,
                       const struct ctl_job *whole, const struct array_spec *which)
{
    const struct array_spec *left = &whole->array->left;
    bool is_one = query->with_spec && !which;
    const struct ctl_job *element, *next;
    bool is_shown = which ? meets(which, left)
                          : is_one || array_spec_count(left) || !whole->array->elements;

    if (is_shown && matches(query, states, whole))
        list_put(list, conn, whole, detail_of(query, ROW));
    if (is_one)
        return;
    HASH_ITER(hh_index, whole->array->elements, element, next)
    if ((!which || array_spec_contains(which, element->index)) &&
        list_count(list) < ELEMENTS_MAX && matches(query, states, element))
        list_put(list, conn, element, detail_of(query, ROW));
}

static int list_id(struct list *list, struct conn *conn, const Berth__JobQuery *query,
                   uint32_t states, size_t i, struct err *err)
{
    const char *elements = i < query->n_elements ? query->elements[i] : "";
    const struct ctl_job *cj = jobs_find(conn->ctl, query->ids[i]);
    cleanup(array_spec_fini) struct array_spec which = {0};
    int rc = *elements ? array_spec_parse(elements, &which, err) : 0;

    if (rc)
        return err_wrap(err, "job %" PRIu32 "_[%.60s]", query->ids[i], elements);
    if (cj && cj->array)
        list_array(list, conn, query, states, cj, *elements ? &which : NULL);
    else if (cj && !*elements && matches(query, states, cj))
        list_put(list, conn, cj, detail_of(query, PLACE));
    return 0;
}

static int collect_ids(struct conn *conn, const Berth__JobQuery *query, uint32_t states,
                       struct list *list, struct err *err)
{
    bool is_any_known = false;

    for (size_t i = 0; i < query->n_ids; i++) {
        int rc = list_id(list, conn, query, states, i, err);

        if (rc)
            return rc;
        is_any_known |= jobs_find(conn->ctl, query->ids[i]) != NULL;
    }
    if (is_any_known)
        return 0;
    return err_set(err, ESRCH, "Invalid job id specified: %" PRIu32, query->ids[0]);
}

/* States that a list shows unless it is told: of all jobs that have not ended. An
 * array of which nothing waits any more is shown by its elements. */
static uint32_t live_states(void)
{
    uint32_t mask = 0;

    for (int state = 0; state < JOB_STATE_COUNT; state++)
        if (!job_state_is_final((enum job_state)state) && state != JOB_SPREAD)
            mask |= 1u << state;
    return mask;
}

static uint32_t active_states(void)
{
    uint32_t mask = 0;

    for (int state = 0; state < JOB_STATE_COUNT; state++)
        if (job_state_is_active((enum job_state)state))
            mask |= 1u << state;
    return mask;
}

/* Those that run, then as many of the others as there is room for. */
static size_t select_active_first(const struct job_index *index,
                                  const struct job_filter *filter, size_t max,
                                  struct ctl_job **ret_jobs)
{
    struct job_filter part = *filter;
    uint32_t states = filter->states ? filter->states : UINT32_MAX;
    size_t n = 0;

    part.states = states & active_states();
    if (part.states)
        n = job_index_select(index, &part, 0, max, ret_jobs);
    part.states = states & ~active_states();
    if (part.states)
        n += job_index_select(index, &part, 0, max - n, ret_jobs + n);
    return n;
}

static size_t room_of(const Berth__JobQuery *query)
{
    if (query->as_table)
        return PAGE_OF_TABLE;
    return query->with_spec ? PAGE_WITH_SPECS : PAGE;
}

/* One page of the jobs that match, whoever they are: their number bounds how long
 * everybody else waits. */
static void collect_page(struct conn *conn, const Berth__JobQuery *query,
                         uint32_t states, struct list *list)
{
    const struct controller *ctl = conn->ctl;
    struct job_filter filter = {.states = states || query->all ? states : live_states(),
                                .user = query->user,
                                .partition = query->partition};
    size_t room = room_of(query);
    size_t max = query->limit && query->limit < room ? query->limit : room;
    cleanup(freep) struct ctl_job **jobs = xcalloc(max + 1, sizeof(struct ctl_job *));
    size_t n, i;

    if (!query->as_table && !query_has_lists(query))
        list->total = job_index_count(ctl->index, &filter);
    if (query->active_first && list->total > max) {
        n = select_active_first(ctl->index, &filter, max + 1, jobs);
        list->more = n > max;
    } else {
        n = query_select(ctl, query, filter.states, max, jobs, &list->more,
                         &list->next);
    }
    n = n < max ? n : max;
    for (i = 0; i < n && list->pod_bytes <= PAGE_BYTES; i++)
        list_put(list, conn, jobs[i], detail_of(query, ROW));
    if (i == n)
        return;
    list->more = true;
    list->next = jobs[i - 1]->id;
}

static void refuse_query(struct conn *conn, uint64_t id, struct list *list,
                         const struct err *err)
{
    conn_reply_err(conn, id, err);
    list_fini(list);
}

void handle_job_query(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__JobQuery *query = env->job_query;
    struct list list = {.with_pods = query->with_pods,
                        .with_manifests = query->with_spec && query->n_ids == 1};
    struct err err;
    uint32_t states;
    int rc = query_states(query->states, query->n_states, &states, &err);

    if (rc == 0)
        rc = query_check_ids(query->n_ids, &err);
    if (rc == 0 && query->as_table)
        list.table = job_table_create(query->n_ids ? TABLE_OF_IDS_MAX : PAGE_OF_TABLE);
    if (rc == 0 && query->n_ids)
        rc = collect_ids(conn, query, states, &list, &err);
    else if (rc == 0)
        collect_page(conn, query, states, &list);
    if (rc)
        refuse_query(conn, env->id, &list, &err);
    else if (list.table)
        table_reply(conn, env->id, &list);
    else
        list_reply(conn, env->id, &list);
}

void handle_ping(struct conn *conn, const Berth__Envelope *env)
{
    const struct controller *ctl = conn->ctl;
    Berth__Pong pong;
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;

    berth__pong__init(&pong);
    pong.version = query_field(PACKAGE_VERSION);
    pong.cluster = ctl->config->cluster;
    pong.now = controller_now();
    pong.started_at = ctl->started_at;
    pong.jobs_pending = ctl->n_in_state[JOB_PENDING];
    pong.jobs_running = ctl->n_in_state[JOB_STARTING] + ctl->n_in_state[JOB_RUNNING] +
                        ctl->n_in_state[JOB_COMPLETING];
    pong.nodes_total = (uint32_t)ctl->config->n_nodes;
    for (uint32_t i = 0; i < pong.nodes_total; i++)
        pong.nodes_up += nodes_is_up(&ctl->nodes[i]);
    reply.body_case = BERTH__ENVELOPE__BODY_PONG;
    reply.pong = &pong;
    conn_reply(conn, env->id, &reply);
}
