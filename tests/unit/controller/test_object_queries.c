/* SPDX-License-Identifier: Apache-2.0
 *
 * test_object_queries.c - which objects and events are chosen, and which ones stay
 */
#include "object_calls.h"

#include "base/strv.h"
#include "controller/jobs.h"
#include "controller/objects/object_events.h"

#include <utlist.h>

/* One of another user, which nobody has applied. */
static struct ctl_object stranger_of(Berth__ObjectRecord *record, uint32_t uid)
{
    static char kind[] = "Pod", name[] = "theirs", space[] = "default";

    berth__object_record__init(record);
    record->kind = kind;
    record->name = name;
    record->uid = name;
    record->name_space = space;
    record->owner_uid = uid;
    return (struct ctl_object){.record = record};
}

static size_t events_of(struct cluster *cluster, uint32_t uid)
{
    const struct ctl_object_event *one;
    size_t n = 0;

    DL_FOREACH(object_events_first(cluster->ctl), one)
    n += one->event->owner_uid == uid;
    return n;
}

static void events_of_one_user_push_out_none_of_another(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__ObjectRecord record;
    struct ctl_object theirs = stranger_of(&record, 4242);
    const struct ctl_object *mine;

    apply(client, POD("mine", ""), "created");
    mine = find(cluster, "Pod", "mine");
    objects_event(cluster->ctl, mine, true, "Told", "once");
    for (int i = 0; i < 10100; i++)
        objects_event(cluster->ctl, &theirs, false, "Told", "%d", i);
    assert_int_equal(events_about(client, "mine", "Told"), 1);
    assert_int_equal(events_of(cluster, 4242), 10000);
}

static void ended_pods_of_one_user_push_out_none_of_another(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    const char *const names[] = {"one", "two", "three"};
    uint32_t job, epoch;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        cleanup(freep) char *text = xasprintf(POD("%s", ""), names[i]);

        apply(client, text, "created");
        job = node_accept_launch(node, &epoch);
        tell_ended(node, job, epoch, 0);
    }
    cluster->config->pods.ended_max = 1;
    find(cluster, "Pod", "one")->record->owner_uid = 4242;
    objects_tick(cluster->ctl, controller_now());
    assert_non_null(find(cluster, "Pod", "one"));
    assert_null(find(cluster, "Pod", "two"));
    assert_non_null(find(cluster, "Pod", "three"));
    find(cluster, "Pod", "one")->record->owner_uid = getuid();
}

static void a_pod_that_waits_does_so_when_its_job_is_changed(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    char nice[] = "nice", much[] = "10";
    Berth__Setting setting = BERTH__SETTING__INIT, *settings[] = {&setting};
    Berth__JobUpdate update = BERTH__JOB_UPDATE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    uint32_t job;

    (void)node;
    apply(client, POD("gated", "  schedulingGates: [{name: a}]\n"), "created");
    job = find(cluster, "Pod", "gated")->record->job_id;
    setting.name = nice;
    setting.text = much;
    update.settings = settings;
    update.n_settings = 1;
    update.ids = &job;
    update.n_ids = 1;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_UPDATE;
    env.job_update = &update;
    reply = party_call(client, &env);
    cluster_run_for(cluster, 100);
    assert_string_equal(state_of(cluster, job), "PENDING");
    assert_int_equal(jobs_find(cluster->ctl, job)->job.spec->nice, 10);
}

/* Names that 'fields' choose, in their order; or why not. */
static char *selected(struct party *client, const char *kind, const char *fields)
{
    Berth__ObjectQuery query = BERTH__OBJECT_QUERY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    char *names = xstrdup("");

    query.kind = (char *)(uintptr_t)kind;
    query.fields = (char *)(uintptr_t)fields;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_QUERY;
    env.object_query = &query;
    reply = party_call(client, &env);
    if (reply->body_case != BERTH__ENVELOPE__BODY_OBJECT_LIST) {
        free(names);
        return xstrdup(reply->status->text);
    }
    for (size_t i = 0; i < reply->object_list->n_objects; i++) {
        char *before = names;

        names = xasprintf("%s%s ", before, reply->object_list->objects[i]->name);
        free(before);
    }
    return names;
}

static void assert_selected(struct party *client, const char *kind, const char *fields,
                            const char *expected)
{
    cleanup(freep) char *names = selected(client, kind, fields);

    assert_string_equal(names, expected);
}

static void objects_are_selected_by_their_fields(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch;

    apply(client, POD("runs", ""), "created");
    (void)node_accept_launch(node, &epoch);
    apply(client, POD("waits", "  nodeSelector: {kubernetes.io/hostname: n2}\n"),
          "created");
    assert_selected(client, "Pod", "spec.nodeName=n1", "runs ");
    assert_selected(client, "Pod", "spec.nodeName=", "waits ");
    assert_selected(client, "Pod", "status.phase=Pending,spec.nodeName!=n1", "waits ");
    assert_selected(client, "Pod", "metadata.namespace=default", "runs waits ");
    assert_selected(client, "", "metadata.name=waits", "waits ");
    assert_selected(client, "ConfigMap", "status.phase=a",
                    "there is no field 'status.phase' to select by; there are "
                    "metadata.name, metadata.namespace");
}

static void events_are_selected_by_their_fields(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__ObjectEventQuery query = BERTH__OBJECT_EVENT_QUERY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    char fields[] = "involvedObject.name=web,type!=Normal";

    apply(client, POD("web", ""), "created");
    objects_event(cluster->ctl, find(cluster, "Pod", "web"), true, "BackOff", "a");
    objects_event(cluster->ctl, find(cluster, "Pod", "web"), false, "Started", "b");
    query.fields = fields;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_EVENT_QUERY;
    env.object_event_query = &query;
    reply = party_call(client, &env);
    assert_int_equal(reply->object_event_list->n_events, 1);
    assert_string_equal(reply->object_event_list->events[0]->reason, "BackOff");
}

/* Each is looked up once. */
static void ten_thousand_names_are_one_question(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__ObjectQuery query = BERTH__OBJECT_QUERY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    char **names = xcalloc(10001, sizeof(char *)), pod[] = "Pod";

    apply(client, POD("web", ""), "created");
    apply(client, POD("other", ""), "created");
    for (int i = 0; i < 10000; i++)
        names[i] = i == 7000 ? xstrdup("web") : xasprintf("n%d", i);
    query.kind = pod;
    query.names = names;
    query.n_names = 10000;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_QUERY;
    env.object_query = &query;
    reply = party_call(client, &env);
    assert_int_equal(reply->object_list->n_objects, 1);
    assert_string_equal(reply->object_list->objects[0]->name, "web");
    strv_free(names);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cluster_setup, cluster_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pod_that_waits_does_so_when_its_job_is_changed),
        TEST(objects_are_selected_by_their_fields),
        TEST(events_are_selected_by_their_fields),
        TEST(ten_thousand_names_are_one_question),
        TEST(events_of_one_user_push_out_none_of_another),
        TEST(ended_pods_of_one_user_push_out_none_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
