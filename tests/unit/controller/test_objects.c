/* SPDX-License-Identifier: Apache-2.0
 *
 * test_objects.c - objects are made, changed, shown and deleted; pods are jobs
 */
#include "object_calls.h"

/* ------------------------------------------------------------------ tests */

static void a_pod_is_queued_launched_and_its_status_comes_back(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    cleanup(free_messagep) Berth__Envelope *launch = NULL;
    const Berth__JobSpec *spec;
    uint32_t job;

    apply(client, POD("web", ""), "created");
    launch = party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);
    spec = launch->launch_job->spec;
    assert_non_null(spec->pod);
    assert_non_null(strstr((const char *)spec->pod->manifest.data, "\"debian:12\""));
    assert_string_equal(spec->name, "web");
    assert_int_equal(spec->cpus_per_task, 1);
    assert_int_equal(spec->pod->cpu_milli, 500);
    assert_int_equal(spec->mem_per_node, 100);
    assert_int_equal(spec->pod->grace, 31);
    assert_int_equal(spec->time_limit, 3600);
    assert_string_equal(spec->pod->uid, find(cluster, "Pod", "web")->record->uid);
    party_answer(node, launch, 0, "");
    job = find(cluster, "Pod", "web")->record->job_id;
    assert_string_equal(status_of_pod(cluster, "web")->phase, "Pending");
    assert_string_equal(status_of_pod(cluster, "web")->node, "n1");
    node_started(node, job, 1);
    tell_running(node, job, 1, 1);
    assert_string_equal(status_of_pod(cluster, "web")->phase, "Running");
    assert_true(status_of_pod(cluster, "web")->scheduled_usec > 0);
    assert_string_equal(status_of_pod(cluster, "web")->node, "n1");
    tell_running(node, job, 1, 1);
    assert_int_equal(events_about(client, "web", "Started"), 1);
    tell_ended(node, job, 1, 0);
    assert_string_equal(status_of_pod(cluster, "web")->phase, "Succeeded");
    assert_string_equal(state_of(cluster, job), "COMPLETED");
}

/* Its owner sees it, counted up; the log has a line a minute. */
static void a_status_that_cannot_be_is_dropped_with_an_event(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job, epoch;

    apply(client, POD("web", ""), "created");
    job = node_accept_launch(node, &epoch);
    node_started(node, job, 1);
    tell_running(node, job, 1, 1);
    assert_int_equal(events_about(client, "web", "StatusRefused"), 0);
    for (uint32_t seq = 2; seq <= 4; seq++)
        tell_phase(node, job, 1, seq, "Fine");
    assert_string_equal(status_of_pod(cluster, "web")->phase, "Running");
    assert_int_equal(events_about(client, "web", "StatusRefused"), 3);
    /* One of them was logged, two wait for the next line. */
    assert_int_equal(cluster->ctl->n_doubts, 2);
    assert_true(cluster->ctl->doubted_at > 0);
    tell_running(node, job, 1, 5);
    assert_int_equal(cluster->ctl->n_doubts, 2);
}

static void what_was_told_survives_a_restart_and_counts_once(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    struct running runs = {.epoch = 1, .lead = true};
    cleanup(free_messagep) Berth__Envelope *registered = NULL;
    cleanup(freep) char *uid = NULL;
    uint32_t epoch;

    apply(client, POD("web", ""), "created");
    uid = xstrdup(find(cluster, "Pod", "web")->record->uid);
    runs.job = node_accept_launch(node, &epoch);
    node_started(node, runs.job, 1);
    tell_running(node, runs.job, 1, 7);
    cluster_stop(cluster);
    cluster_start(cluster);
    client = party_connect(cluster);
    assert_string_equal(find(cluster, "Pod", "web")->record->uid, uid);
    assert_string_equal(status_of_pod(cluster, "web")->phase, "Running");
    node = party_connect(cluster);
    registered = node_register(node, "n1", "boot-1", &runs, 1);
    tell_running(node, runs.job, 1, 7);
    assert_int_equal(events_about(client, "web", "Started"), 1);
    tell_ended(node, runs.job, 1, 3);
    assert_string_equal(status_of_pod(cluster, "web")->phase, "Failed");
    cluster_stop(cluster);
    cluster_start(cluster);
    assert_string_equal(status_of_pod(cluster, "web")->phase, "Failed");
    client = party_connect(cluster);
    delete (client, "Pod", "web");
    assert_null(find(cluster, "Pod", "web"));
}

static void a_deleted_pod_goes_when_its_job_has_ended(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    cleanup(free_messagep) Berth__Envelope *signal = NULL;
    uint32_t job, epoch;

    apply(client, POD("web", "  terminationGracePeriodSeconds: 7\n"), "created");
    job = node_accept_launch(node, &epoch);
    node_started(node, job, epoch);
    delete (client, "Pod", "web");
    signal = party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);
    assert_int_equal(signal->signal_job->signal, 0);
    assert_int_equal(signal->signal_job->grace, 7);
    assert_true(find(cluster, "Pod", "web")->record->deleted_at > 0);
    assert_refused(client, POD("web", ""), EBUSY,
                   "Pod web is being deleted: try again later");
    tell_ended(node, job, epoch, 143);
    assert_null(find(cluster, "Pod", "web"));
    assert_string_equal(state_of(cluster, job), "CANCELLED");
    apply(client, POD("web", ""), "created");
}

static void a_grace_has_an_end(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    cleanup(free_messagep) Berth__Envelope *signal = NULL;
    uint32_t job, epoch;

    cluster->config->pods.grace_max = 5;
    apply(client, POD("web", "  terminationGracePeriodSeconds: 2000000000\n"),
          "created");
    job = node_accept_launch(node, &epoch);
    node_started(node, job, epoch);
    delete (client, "Pod", "web");
    signal = party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);
    assert_int_equal(signal->signal_job->grace, 5);
}

static void a_pod_waits_for_what_it_names(void **state)
{
    static const char map[] = "apiVersion: v1\nkind: ConfigMap\n"
                              "metadata: {name: settings}\ndata: {a: \"1\"}\n";
    static const char map2[] = "apiVersion: v1\nkind: ConfigMap\n"
                               "metadata: {name: settings}\ndata: {a: \"2\"}\n";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    cleanup(free_messagep) Berth__Envelope *launch = NULL, *data = NULL, *show = NULL;
    const Berth__PodObject *object;
    uint32_t job;

    apply(client,
          POD("web", "    envFrom:\n    - configMapRef: {name: settings}\n"
                     "    - secretRef: {name: key, optional: true}\n"),
          "created");
    job = find(cluster, "Pod", "web")->record->job_id;
    cluster_run_for(cluster, 50);
    assert_string_equal(state_of(cluster, job), "PENDING");
    assert_string_equal(status_of_pod(cluster, "web")->words,
                        "ConfigMap settings is not there");
    show = client_show(client, job);
    assert_string_equal(show->job_list->jobs[0]->reason, "PodWaits");
    assert_string_equal(show->job_list->jobs[0]->record->state_words,
                        "ConfigMap settings is not there");
    apply(client, map, "created");
    launch = party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);
    assert_int_equal(launch->launch_job->n_pod_objects, 2);
    object = launch->launch_job->pod_objects[0];
    assert_string_equal(object->kind, "ConfigMap");
    assert_string_equal(object->name, "settings");
    assert_true(object->manifest.len > 0);
    assert_int_equal(launch->launch_job->pod_objects[1]->manifest.len, 0);
    party_answer(node, launch, 0, "");
    node_started(node, job, 1);
    apply(client, map, "unchanged");
    apply(client, map2, "configured");
    data = party_expect(node, BERTH__ENVELOPE__BODY_POD_DATA);
    assert_int_equal(data->pod_data->job_id, job);
    assert_int_equal(data->pod_data->n_objects, 1);
    assert_true(data->pod_data->objects[0]->revision > object->revision);
}

#define CLAIM(name, mode)                                                  \
    "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: " name \
    "}, spec: {accessModes: [" mode "], resources: {requests: {storage: 1Gi}}}}"
#define VOLUME(name, mode)                                            \
    "{apiVersion: v1, kind: PersistentVolume, metadata: {name: " name \
    "}, spec: {accessModes: [" mode                                   \
    "], capacity: {storage: 2Gi}, hostPath: {path: /d}}}"
#define USES(claim) \
    "  volumes: [{name: v, persistentVolumeClaim: {claimName: " claim "}}]\n"

static void a_claim_is_bound_and_kept_to_one_node(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *nodes[2];
    cleanup(free_messagep) Berth__Envelope *launch = NULL;
    const Berth__LaunchJob *one;
    uint32_t epoch, a, b;

    if (getuid() != 0)
        skip();
    apply(client, CLAIM("data", "ReadWriteOnce"), "created");
    apply(client, POD("a", USES("data")), "created");
    apply(client, POD("b", USES("data")), "created");
    assert_string_equal(status_of_pod(cluster, "a")->words,
                        "PersistentVolumeClaim data is not bound: no volume fits yet");
    apply(client, VOLUME("disk", "ReadWriteOnce"), "created");
    assert_string_equal(
        find(cluster, "PersistentVolumeClaim", "data")->record->claim->phase, "Bound");
    assert_string_equal(status_of_pod(cluster, "b")->words,
                        "PersistentVolumeClaim data: pod a goes first");
    nodes[0] = node_up(cluster, "n1");
    nodes[1] = node_up(cluster, "n2");
    launch = party_expect(nodes[0], BERTH__ENVELOPE__BODY_LAUNCH_JOB);
    one = launch->launch_job;
    assert_string_equal(one->spec->name, "a");
    assert_int_equal(one->n_pod_objects, 2);
    assert_non_null(strstr((const char *)one->pod_objects[0]->manifest.data,
                           "\"volumeName\": \"disk\""));
    assert_string_equal(one->pod_objects[1]->kind, "PersistentVolume");
    party_answer(nodes[0], launch, 0, "");
    a = find(cluster, "Pod", "a")->record->job_id;
    node_started(nodes[0], a, 1);
    /* The other one is let go, to the same node. */
    b = node_accept_launch(nodes[0], &epoch);
    assert_int_equal(b, find(cluster, "Pod", "b")->record->job_id);
    node_started(nodes[0], b, epoch);
    assert_string_equal(
        find(cluster, "PersistentVolumeClaim", "data")->record->claim->node, "n1");
    /* It goes when both have left it; the volume is not given out again. */
    delete (client, "PersistentVolumeClaim", "data");
    tell_ended(nodes[0], a, 1, 0);
    assert_non_null(find(cluster, "PersistentVolumeClaim", "data"));
    tell_ended(nodes[0], b, 1, 0);
    assert_null(find(cluster, "PersistentVolumeClaim", "data"));
    assert_string_equal(objects_find(cluster->ctl, ":", "PersistentVolume", "disk")
                            ->record->claim->phase,
                        "Released");
}

static void a_claim_of_one_pod_is_for_one_at_a_time_also_after_a_restart(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    struct running runs = {.epoch = 1, .lead = true};
    cleanup(free_messagep) Berth__Envelope *registered = NULL;
    uint32_t epoch;

    if (getuid() != 0)
        skip();
    apply(client, VOLUME("disk", "ReadWriteOncePod"), "created");
    apply(client, CLAIM("data", "ReadWriteOncePod"), "created");
    apply(client, POD("a", USES("data")), "created");
    apply(client, POD("b", USES("data")), "created");
    runs.job = node_accept_launch(node, &epoch);
    node_started(node, runs.job, 1);
    cluster_stop(cluster);
    cluster_start(cluster);
    assert_string_equal(status_of_pod(cluster, "b")->words,
                        "PersistentVolumeClaim data is used by pod a");
    node = party_connect(cluster);
    registered = node_register(node, "n1", "boot-1", &runs, 1);
    tell_ended(node, runs.job, 1, 0);
    assert_int_equal(node_accept_launch(node, &epoch),
                     find(cluster, "Pod", "b")->record->job_id);
}

static void a_cancelled_job_is_a_failed_pod(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    apply(client, POD("web", ""), "created");
    reply = client_control(client, BERTH__JOB_CONTROL__OP__CANCEL,
                           find(cluster, "Pod", "web")->record->job_id);
    assert_string_equal(status_of_pod(cluster, "web")->phase, "Failed");
    assert_string_equal(status_of_pod(cluster, "web")->reason, "Cancelled");
}

static void a_key_makes_one_pod(void **state)
{
    static const char text[] = "apiVersion: v1\nkind: Pod\n"
                               "metadata: {generateName: run-}\nspec:\n"
                               "  containers: [{name: c, image: debian}]\n";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    cleanup(free_messagep) Berth__Envelope *one =
        apply_as(client, BERTH__OBJECT_APPLY__VERB__CREATE, text, "k1", false);
    cleanup(free_messagep) Berth__Envelope *again =
        apply_as(client, BERTH__OBJECT_APPLY__VERB__CREATE, text, "k1", false);
    cleanup(free_messagep) Berth__Envelope *dry =
        apply_as(client, BERTH__OBJECT_APPLY__VERB__CREATE, text, "k2", true);
    cleanup(free_messagep) Berth__Envelope *list = NULL;

    assert_non_null(one->object_replies->replies[0]->record);
    assert_memory_equal(one->object_replies->replies[0]->record->name, "run-", 4);
    assert_string_equal(one->object_replies->replies[0]->record->name,
                        again->object_replies->replies[0]->record->name);
    assert_string_equal(dry->object_replies->replies[0]->done, "created");
    list = get(client, "po", NULL);
    assert_int_equal(list->object_list->n_objects, 1);
    assert_int_equal(cluster->ctl->n_jobs, 1);
}

static void refusals_name_the_field(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);

    assert_refused(
        client, POD("web", "  securityContext: {supplementalGroups: [4242]}\n"), EACCES,
        "pod web: spec.securityContext.supplementalGroups[0]: you are not in "
        "group 4242");
    assert_refused(client, POD("web", "  activeDeadlineSeconds: 7200\n"), EINVAL,
                   "pod web: spec.activeDeadlineSeconds: partition 'main' allows at "
                   "most 01:00:00");
    apply(client, POD("web", ""), "created");
    assert_refused(client, POD("web", "  activeDeadlineSeconds: 100\n"), EINVAL,
                   "Pod web: spec.activeDeadlineSeconds: it cannot be changed: delete "
                   "the object and make it again");
    assert_int_equal(cluster->ctl->n_jobs, 1);
}

static void ports_of_nodes_are_judged(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);

#define PORTS(rows) POD("web", "    ports: [" rows "]\n")
    assert_refused(client, PORTS("{containerPort: 80, hostPort: 22}"), EACCES,
                   "pod web: container c: hostPort 22: pods may take ports 30000-32767 "
                   "of their node (pods.host_ports)");
    assert_refused(
        client, PORTS("{containerPort: 80, hostPort: 30080, protocol: SCTP}"), EINVAL,
        "pod web: container c: hostPort 30080: only ports of TCP and UDP lead to pods");
    assert_refused(
        client, PORTS("{containerPort: 80, hostPort: 30080, hostIP: \"::1\"}"), EINVAL,
        "pod web: container c: hostPort 30080: hostIP ::1 is not IPv4, and "
        "only that leads to pods");
    apply(client,
          PORTS("{containerPort: 80, protocol: SCTP}, "
                "{containerPort: 81, hostPort: 30080, hostIP: 10.0.0.1}"),
          "created");
    apply(client, POD("own", "    ports: [{containerPort: 22}]\n  hostNetwork: true\n"),
          "created");
}

static void a_user_keeps_so_many_objects_and_ended_pods(void **state)
{
    static const char text[] = "apiVersion: v1\nkind: ConfigMap\n"
                               "metadata: {name: third}\ndata: {a: \"1\"}\n";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job, epoch;

    cluster->config->pods.objects_max = 2;
    apply(client, POD("one", ""), "created");
    job = node_accept_launch(node, &epoch);
    tell_ended(node, job, epoch, 0);
    apply(client, POD("two", ""), "created");
    job = node_accept_launch(node, &epoch);
    tell_ended(node, job, epoch, 1);
    assert_refused(
        client, text, EDQUOT,
        "you have 2 objects, and may have 2 (pods.objects_max): delete some");
    cluster->config->pods.ended_max = 1;
    objects_tick(cluster->ctl, controller_now());
    assert_null(find(cluster, "Pod", "one"));
    assert_string_equal(status_of_pod(cluster, "two")->phase, "Failed");
    apply(client, text, "created");
}

static void changes_of_objects_are_watched(void **state)
{
    static const char text[] = "apiVersion: v1\nkind: Secret\n"
                               "metadata: {name: key}\nstringData: {a: \"1\"}\n";
    static char kind[] = "Secret";
    char *kinds[] = {kind};
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *watcher = party_connect(cluster);
    Berth__WatchRequest request = BERTH__WATCH_REQUEST__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *first = NULL, *told = NULL;
    const Berth__ObjectChange *change;

    request.from_now = request.objects = request.no_jobs = true;
    request.kinds = kinds;
    request.n_kinds = 1;
    env.body_case = BERTH__ENVELOPE__BODY_WATCH;
    env.watch = &request;
    first = party_call(watcher, &env);
    apply(client, POD("web", ""), "created");
    apply(client, text, "created");
    told = party_expect(watcher, BERTH__ENVELOPE__BODY_EVENTS);
    assert_int_equal(told->events->n_events, 1);
    change = told->events->events[0]->object;
    assert_string_equal(change->verb, "added");
    assert_string_equal(change->object->name, "key");
    assert_int_equal(change->object->manifest.len, 0);
    assert_int_equal(change->object->revision,
                     find(cluster, "Secret", "key")->record->revision);
}

static void others_see_and_change_nothing_of_ones_own(void **state)
{
    static const char secret[] = "apiVersion: v1\nkind: Secret\n"
                                 "metadata: {name: key}\nstringData: {a: \"1\"}\n";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    static char own[] = "default:0", kind[] = "Secret", name[] = "key";
    char *names[] = {name};
    Berth__ObjectQuery query = BERTH__OBJECT_QUERY__INIT;
    Berth__ObjectDelete order = BERTH__OBJECT_DELETE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    if (getuid() != 0)
        skip();
    apply(client, secret, "created");
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_QUERY;
    env.object_query = &query;
    assert_int_equal(other_user_call(cluster, 65534, &env), ENODATA);
    query.everybody = true;
    assert_int_equal(other_user_call(cluster, 65534, &env), ENODATA);
    query.name_space = own;
    assert_int_equal(other_user_call(cluster, 65534, &env), ENOENT);
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_DELETE;
    env.object_delete = &order;
    order.kind = kind;
    order.names = names;
    order.n_names = 1;
    assert_int_equal(other_user_call(cluster, 65534, &env), ENOENT);
    assert_non_null(find(cluster, "Secret", "key"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, cluster_setup, cluster_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_pod_is_queued_launched_and_its_status_comes_back),
        TEST(a_status_that_cannot_be_is_dropped_with_an_event),
        TEST(what_was_told_survives_a_restart_and_counts_once),
        TEST(a_deleted_pod_goes_when_its_job_has_ended),
        TEST(a_grace_has_an_end),
        TEST(a_pod_waits_for_what_it_names),
        TEST(a_claim_is_bound_and_kept_to_one_node),
        TEST(a_claim_of_one_pod_is_for_one_at_a_time_also_after_a_restart),
        TEST(a_cancelled_job_is_a_failed_pod),
        TEST(a_key_makes_one_pod),
        TEST(refusals_name_the_field),
        TEST(ports_of_nodes_are_judged),
        TEST(a_user_keeps_so_many_objects_and_ended_pods),
        TEST(changes_of_objects_are_watched),
        TEST(others_see_and_change_nothing_of_ones_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
