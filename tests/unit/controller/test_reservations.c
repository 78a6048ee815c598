/* SPDX-License-Identifier: Apache-2.0
 *
 * test_reservations.c - what is set aside, in memory, in the store, in the scheduler
 */
#include "fixture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "controller/reservations.h"
#include "wire/pack.h"

#define HOUR 3600

static char course[] = "course", n1[] = "n1", root_name[] = "root";
static char f_nodes[] = "nodes", f_users[] = "users", f_start[] = "start";
static char f_duration[] = "duration", f_every[] = "every", f_comment[] = "comment";
static char f_maintenance[] = "maintenance";

/* An order, with its parts. */
struct order {
    Berth__ReservationChange change;
    Berth__ReservationRecord record;
    char *users[1], *fields[8];
};

static void order_init(struct order *o, Berth__ChangeOp op)
{
    berth__reservation_change__init(&o->change);
    berth__reservation_record__init(&o->record);
    o->record.name = course;
    o->change.op = op;
    o->change.record = &o->record;
    o->change.fields = o->fields;
}

static void set(struct order *o, char *field)
{
    o->fields[o->change.n_fields++] = field;
}

/* n1 from 'start' on for an hour, for nobody's jobs. */
static void order_create(struct order *o, int64_t start)
{
    order_init(o, BERTH__CHANGE_OP__CHANGE_ADD);
    o->record.nodes = n1;
    o->record.maintenance = 1;
    o->record.start = start;
    o->change.duration = HOUR;
    set(o, f_nodes);
    set(o, f_maintenance);
    set(o, f_start);
    set(o, f_duration);
}

static int apply(struct cluster *cluster, struct order *o, struct err *err)
{
    struct ctl_reservation *changed = NULL;

    return reservation_change_apply(cluster->ctl, 0, &o->change, &changed, err);
}

static const Berth__ReservationRecord *record_of(struct cluster *cluster)
{
    const struct ctl_reservation *r = reservations_find(cluster->ctl, course);

    assert_non_null(r);
    return r->record;
}

static void a_restart_finds_it_again(void **state)
{
    struct cluster *cluster = *state;
    int64_t start = controller_now() + HOUR;
    struct order o;
    struct err err;

    order_create(&o, start);
    o.record.every = 24 * HOUR;
    set(&o, f_every);
    assert_int_equal(apply(cluster, &o, &err), 0);
    cluster_stop(cluster);
    cluster_start(cluster);
    assert_int_equal(record_of(cluster)->start, start);
    assert_int_equal(record_of(cluster)->every, 24 * HOUR);
    assert_true(record_of(cluster)->maintenance);
    /* The scheduler knows it, too: another one in its place is refused. */
    o.record.name = n1;
    o.record.maintenance = 0;
    o.users[0] = root_name;
    o.record.users = o.users;
    o.record.n_users = 1;
    set(&o, f_users);
    assert_int_equal(apply(cluster, &o, &err), 0);
    o.record.name = f_every;
    assert_int_equal(apply(cluster, &o, &err), -EBUSY);
    assert_non_null(strstr(err.text, "--start: reservation every overlaps n1"));
}

static void what_is_over_is_forgotten_unless_it_recurs(void **state)
{
    struct cluster *cluster = *state;
    int64_t now = controller_now();
    struct order once, daily;
    struct err err;

    order_create(&once, now);
    assert_int_equal(apply(cluster, &once, &err), 0);
    order_create(&daily, now);
    daily.record.name = n1;
    daily.record.every = 24 * HOUR;
    set(&daily, f_every);
    assert_int_equal(apply(cluster, &daily, &err), 0);
    reservations_purge(cluster->ctl, now + HOUR - 1);
    assert_non_null(reservations_find(cluster->ctl, course));
    reservations_purge(cluster->ctl, now + HOUR);
    assert_null(reservations_find(cluster->ctl, course));
    assert_non_null(reservations_find(cluster->ctl, n1));
    cluster_stop(cluster);
    cluster_start(cluster);
    assert_null(reservations_find(cluster->ctl, course));
}

static void a_refused_update_leaves_the_old_one(void **state)
{
    struct cluster *cluster = *state;
    int64_t start = controller_now() + HOUR;
    struct order o;
    struct err err;

    order_create(&o, start);
    assert_int_equal(apply(cluster, &o, &err), 0);
    order_init(&o, BERTH__CHANGE_OP__CHANGE_MODIFY);
    o.change.count = NODES + 1;
    set(&o, f_nodes);
    assert_int_equal(apply(cluster, &o, &err), -EBUSY);
    assert_non_null(strstr(err.text, "--nodes=5: "));
    assert_string_equal(record_of(cluster)->nodes, n1);
    order_init(&o, BERTH__CHANGE_OP__CHANGE_MODIFY);
    o.record.comment = root_name;
    set(&o, f_comment);
    assert_int_equal(apply(cluster, &o, &err), 0);
    assert_string_equal(record_of(cluster)->comment, root_name);
    assert_int_equal(record_of(cluster)->start, start);
}

static void its_present_time_follows_from_the_clock(void **state)
{
    Berth__ReservationRecord record = BERTH__RESERVATION_RECORD__INIT;
    int64_t start, end;

    (void)state;
    record.start = 1000;
    record.end = 1100;
    record.every = 500;
    reservations_times(&record, 1099, &start, &end);
    assert_int_equal(start, 1000);
    reservations_times(&record, 1100, &start, &end);
    assert_int_equal(start, 1500);
    assert_int_equal(end, 1600);
    reservations_times(&record, 9550, &start, &end);
    assert_int_equal(start, 9500);
    record.every = 0;
    record.floating = 60;
    reservations_times(&record, 5000, &start, &end);
    assert_int_equal(start, 5060);
    assert_int_equal(end, 5160);
}

static void only_administrators_change_them(void **state)
{
    struct cluster *cluster = *state;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct order o;

    if (getuid() != 0)
        skip();
    order_create(&o, controller_now());
    env.body_case = BERTH__ENVELOPE__BODY_RESERVATION_CHANGE;
    env.reservation_change = &o.change;
    assert_int_equal(other_user_call(cluster, 65534, &env), EPERM);
    assert_null(cluster->ctl->reservations);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, cluster_setup, cluster_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_restart_finds_it_again),
        TEST(what_is_over_is_forgotten_unless_it_recurs),
        TEST(a_refused_update_leaves_the_old_one),
        cmocka_unit_test(its_present_time_follows_from_the_clock),
        TEST(only_administrators_change_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
