/* SPDX-License-Identifier: Apache-2.0
 *
 * test_object_changes.c - which fields of an object may be changed, as a table
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "controller/objects/object_changes.h"
#include "manifest/reader.h"

static const struct row {
    const char *kind, *was, *now;
    bool has_begun, differs;
    const char *refusal; /* NULL: it is allowed */
} rows[] = {
    {"Pod", "{metadata: {name: a}, spec: {x: 1}}",
     "{spec: {x: 1}, metadata: {name: a}}", true, false, NULL},
    {"Pod", "{metadata: {labels: {a: b}}}", "{metadata: {labels: {a: c}}}", true, true,
     NULL},
    {"Pod", "{spec: {containers: [{image: a}]}}", "{spec: {containers: [{image: b}]}}",
     false, true, NULL},
    {"Pod", "{spec: {containers: [{image: a}]}}", "{spec: {containers: [{image: b}]}}",
     true, true,
     "spec.containers[0].image: it cannot be changed any more: it has begun"},
    {"Pod", "{spec: {containers: [{image: a}]}}",
     "{spec: {containers: [{image: a}, {image: b}]}}", false, true,
     "spec.containers: it cannot be changed: delete the object and make it again"},
    {"Pod", "{spec: {schedulingGates: [{name: a}, {name: b}]}}",
     "{spec: {schedulingGates: [{name: b}]}}", false, true, NULL},
    {"Pod", "{spec: {schedulingGates: [{name: a}]}}", "{spec: {}}", false, true, NULL},
    {"Pod", "{spec: {}}", "{spec: {schedulingGates: [{name: b}]}}", false, true,
     "spec.schedulingGates: it cannot be changed, only be made shorter"},
    {"Pod", "{spec: {terminationGracePeriodSeconds: 30}}",
     "{spec: {terminationGracePeriodSeconds: 3}}", false, true,
     "spec.terminationGracePeriodSeconds: it cannot be changed: delete the object and "
     "make it again"},
    {"Job", "{spec: {parallelism: 2, template: {spec: {x: 1}}}}",
     "{spec: {parallelism: 3, template: {spec: {x: 1}}}}", true, true, NULL},
    {"Job", "{spec: {template: {spec: {x: 1}}}}", "{spec: {template: {spec: {x: 2}}}}",
     false, true,
     "spec.template.spec.x: it cannot be changed: delete the object and make it again"},
    {"Job", "{spec: {templates: 1}}", "{spec: {templates: 2}}", true, true, NULL},
    {"Pod", "{metadata: {}}", "{metadata: {annotations: {berth/qos: high}}}", false,
     true,
     "metadata.annotations.berth/qos: it cannot be changed: delete the object and make "
     "it again"},
    {"Pod", "{metadata: {annotations: {berth/gang: a}}}",
     "{metadata: {annotations: {}}}", true, true,
     "metadata.annotations.berth/gang: it cannot be changed: delete the object and "
     "make it again"},
    {"Job", "{metadata: {}}", "{metadata: {annotations: {berth/partition: a}}}", true,
     true,
     "metadata.annotations.berth/partition: it cannot be changed: delete the object "
     "and make it again"},
    {"Pod", "{metadata: {}}", "{metadata: {annotations: {note: a, berth.x/y: b}}}",
     true, true, NULL},
    {"Pod", "{metadata: {}}", "{metadata: {labels: {a: b}}}", true, true, NULL},
    {"Pod", "{metadata: {}}", "{metadata: {labels: {}}}", true, false, NULL},
    {"Pod", "{spec: {}}", "{spec: {securityContext: {runAsUser: 0}}}", true, true,
     "spec.securityContext.runAsUser: it cannot be changed: delete the object and make "
     "it again"},
    {"ConfigMap", "{data: {a: b}}", "{data: {a: c}}", true, true, NULL},
    {"ConfigMap", "{immutable: true, data: {a: b}}", "{immutable: true, data: {a: c}}",
     true, true, "data.a: it cannot be changed: the object is immutable"},
    {"ConfigMap", "{immutable: true, data: {a: b}}", "{data: {a: b}}", true, true,
     "immutable: it cannot be changed: the object is immutable"},
    {"Secret", "{type: a}", "{type: b}", false, true,
     "type: it cannot be changed: delete the object and make it again"},
    {"PersistentVolumeClaim", "{spec: {resources: {requests: {storage: 1}}}}",
     "{spec: {resources: {requests: {storage: 2}}}}", true, true, NULL},
    {"PersistentVolumeClaim", "{spec: {storageClassName: a}}",
     "{spec: {storageClassName: b}}", true, true,
     "spec.storageClassName: it cannot be changed: delete the object and make it "
     "again"},
};

static void each_row_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct row *row = &rows[i];
        struct documents was, now;
        struct err err = {0};
        bool differs = !row->differs;
        int rc;

        assert_int_equal(documents_read("was", row->was, strlen(row->was), &was, NULL),
                         0);
        assert_int_equal(documents_read("now", row->now, strlen(row->now), &now, NULL),
                         0);
        rc = object_change_check(row->kind, was.roots[0], now.roots[0], row->has_begun,
                                 &differs, &err);
        if (!row->refusal && rc)
            fail_msg("%s -> %s: %s", row->was, row->now, err.text);
        if (row->refusal) {
            assert_true(rc < 0);
            assert_string_equal(err.text, row->refusal);
        }
        if (differs != row->differs)
            fail_msg("%s -> %s: differs %d", row->was, row->now, differs);
        documents_fini(&was);
        documents_fini(&now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_row_holds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
