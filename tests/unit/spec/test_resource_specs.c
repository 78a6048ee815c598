/* SPDX-License-Identifier: Apache-2.0
 *
 * test_resource_specs.c - generic resources, licences and switches
 */
#include "base/mem.h"
#include "base/units.h"
#include "spec/gres_spec.h"
#include "spec/licence_spec.h"
#include "spec/switches_spec.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
    const char *text, *printed; /* NULL: refused */
    const char *words;
};

static char *gres_text(const char *text, struct err *err)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};

    return gres_spec_parse(text, &spec, err) ? NULL : gres_spec_format(&spec);
}

static char *gpus_text(const char *text, struct err *err)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};

    return gres_spec_parse_gpus(text, &spec, err) ? NULL : gres_spec_format(&spec);
}

static char *licence_text(const char *text, struct err *err)
{
    cleanup(licence_spec_fini) struct licence_spec spec = {0};

    return licence_spec_parse(text, &spec, err) ? NULL : licence_spec_format(&spec);
}

static char *switches_text(const char *text, struct err *err)
{
    struct switches_spec spec;

    return switches_spec_parse(text, &spec, err) ? NULL : switches_spec_format(&spec);
}

/* Each text prints as it should, and what is printed prints the same again. */
static void check_rows(char *(*through)(const char *text, struct err *err),
                       const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err err = {.code = 0};
        cleanup(freep) char *printed = through(rows[i].text, &err);
        cleanup(freep) char *again = NULL;

        if (!rows[i].printed) {
            assert_null(printed);
            if (!strstr(err.text, rows[i].words))
                fail_msg("'%s': %s", rows[i].text, err.text);
            continue;
        }
        if (!printed || strcmp(printed, rows[i].printed) != 0)
            fail_msg("'%s': %s", rows[i].text, printed ? printed : err.text);
        again = through(printed, &err);
        assert_non_null(again);
        assert_string_equal(again, printed);
    }
}

static void generic_resources_have_names_types_and_counts(void **state)
{
    static const struct row rows[] = {
        {"gpu", "gpu:1", NULL},
        {"gpu:2", "gpu:2", NULL},
        {"gpu=2", "gpu:2", NULL},
        {"gres/gpu:2", "gpu:2", NULL},
        {"gpu:a100", "gpu:a100:1", NULL},
        {"gpu:a100:2", "gpu:a100:2", NULL},
        {"gpu:3090ti:2", "gpu:3090ti:2", NULL},
        {"gpu:1080:2", "gpu:1080:2", NULL},
        {"gpu:v100:1,nvme:100G", "gpu:v100:1,nvme:107374182400", NULL},
        {"gpu:a100:1,gpu:v100:1", "gpu:a100:1,gpu:v100:1", NULL},
        {"craynetwork:0", "", NULL},
        {"none", "", NULL},
        {"NONE", "", NULL},
        {"", "", NULL},
        {"gpu:", NULL, "a type or a count is missing at column 5 of 'gpu:'"},
        {"gpu:a100:", NULL, "a count is missing at column 10"},
        {"gpu:a100:x", NULL, "a count is missing at column 10"},
        {"gpu:2:3:4", NULL, "a count is missing at column 7"},
        {"gpu:1,gpu:2", NULL, "'gpu' is named twice at column 7"},
        {"gpu,,nvme", NULL, "the name of a resource is missing at column 5"},
        {":2", NULL, "the name of a resource is missing at column 1"},
        {"gpu:2 ", NULL, "no place"},
        {"gpu:2000T", NULL, "more than any cluster has at column 5"},
        {"gpu:99999999999999999999", NULL, "more than 1125899906842624 at column 5"},
    };

    (void)state;
    check_rows(gres_text, rows, ARRAY_SIZE(rows));
}

static void gpus_have_types_and_counts(void **state)
{
    static const struct row rows[] = {
        {"2", "gpu:2", NULL},
        {"a100:2", "gpu:a100:2", NULL},
        {"a100", "gpu:a100:1", NULL},
        {"a100:1,v100:1", "gpu:a100:1,gpu:v100:1", NULL},
        {"0", "", NULL},
        {"none", "", NULL},
        {"a100:2:3", NULL, "a count is missing at column 6"},
        {"-1x:", NULL, "a count is missing at column 5"},
        {"2,", NULL, "a type or a count is missing at column 3"},
    };

    (void)state;
    /* Printed as resources, so only read once. */
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct err err = {.code = 0};
        cleanup(freep) char *printed = gpus_text(rows[i].text, &err);

        if (rows[i].printed)
            assert_string_equal(printed ? printed : err.text, rows[i].printed);
        else if (printed || !strstr(err.text, rows[i].words))
            fail_msg("'%s': %s", rows[i].text, printed ? printed : err.text);
    }
}

static void counts_of_a_name_add_up_over_its_types(void **state)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};

    (void)state;
    assert_int_equal(gres_spec_parse("gpu:a100:2,nic:3,gpu:v100:1", &spec, NULL), 0);
    assert_int_equal(gres_spec_count(&spec, "gpu"), 3);
    assert_int_equal(gres_spec_count(&spec, "nic"), 3);
    assert_int_equal(gres_spec_count(&spec, "fpga"), 0);
}

static void licences_are_all_or_one(void **state)
{
    static const struct row rows[] = {
        {"", "", NULL},
        {"matlab", "matlab:1", NULL},
        {"matlab:2,ansys", "matlab:2,ansys:1", NULL},
        {"matlab;ansys", "matlab:1,ansys:1", NULL},
        {"matlab@flex1:2", "matlab@flex1:2", NULL},
        {"scratch*3", "scratch:3", NULL},
        {"a|b:2", "a:1|b:2", NULL},
        {"a,b|c", NULL, "',' and '|' cannot be mixed: '|' at column 4"},
        {"a:0", NULL, "a count of zero at column 3"},
        {"a:x", NULL, "a number is missing at column 3"},
        {"a,", NULL, "the name of a licence is missing at column 3"},
        {"a,a:2", NULL, "'a' is named twice at column 3"},
        {"a b", NULL, "' ' has no place at column 2"},
    };

    (void)state;
    check_rows(licence_text, rows, ARRAY_SIZE(rows));
}

static void switches_have_a_count_and_a_wait(void **state)
{
    static const struct row rows[] = {
        {"", "", NULL},
        {"0", "", NULL},
        {"2", "2", NULL},
        {"2@1:00:00", "2@01:00:00", NULL},
        {"1@5", "1@00:05:00", NULL},
        {"1@UNLIMITED", "1", NULL},
        {"x", NULL, "a number is missing at column 1"},
        {"2@", NULL, ""},
        {"2x", NULL, "'x' has no place at column 2"},
        {"1000001", NULL, "more than 1000000"},
    };

    (void)state;
    check_rows(switches_text, rows, ARRAY_SIZE(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generic_resources_have_names_types_and_counts),
        cmocka_unit_test(gpus_have_types_and_counts),
        cmocka_unit_test(counts_of_a_name_add_up_over_its_types),
        cmocka_unit_test(licences_are_all_or_one),
        cmocka_unit_test(switches_have_a_count_and_a_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
