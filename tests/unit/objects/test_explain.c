/* SPDX-License-Identifier: Apache-2.0
 *
 * test_explain.c - the table of fields is whole, and can be read
 */
#include "objects_test.h"

#include <errno.h>
#include <stdio.h>

#include "manifest/fields.h"
#include "objects/explain.h"

static char *explained(const char *path, int expected, struct err *err)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_int_equal(explain_path(NULL, path, out, err), expected);
    (void)fclose(out);
    return text;
}

static void a_path_leads_to_a_field(void **state)
{
    struct err err;
    cleanup(freep) char *port =
        explained("pod.spec.containers[0].ports.containerPort", 0, &err);
    cleanup(freep) char *kind = explained("CronJobs", 0, &err);
    cleanup(freep) char *none = explained("pod.spec.contaners", -ENOENT, &err);

    (void)state;
    assert_string_equal(port,
                        "  containerPort <a whole number>\n      the port that is "
                        "listened on; 1 to 65535; required\n");
    assert_non_null(
        strstr(kind, "batch/v1 CronJob\n\nJobs by the clock.\n\nFields:\n"));
    assert_string_equal(none, "");
    assert_string_equal(err.text, "there is no 'contaners'; nearest: containers");
}

/* What a row must say, of every type that is reached. */
static void check_rows(const struct mf_type *type, unsigned int depth)
{
    assert_true(depth < 12);
    assert_non_null(type->help);
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct mf_field *field = &type->fields[i];

        if (field->treatment != MF_HONOURED)
            assert_non_null(field->note);
        if (field->value == MF_WORD || field->value == MF_WORDS)
            assert_non_null(field->words);
        if (field->value == MF_OBJECT || field->value == MF_OBJECTS)
            assert_non_null(field->of);
        if (field->offset != MF_NO_MEMBER) {
            assert_non_null(field->help);
            assert_true(field->offset < type->size);
            /* What has a struct above has one below. */
            assert_true(!field->of || field->of->size);
        }
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(field->name, type->fields[j].name);
        if (field->of)
            check_rows(field->of, depth + 1);
    }
}

static void every_row_of_the_tables_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < mf_n_kinds; i++) {
        if (!mf_kinds[i].type)
            assert_non_null(mf_kinds[i].refusal);
        else
            check_rows(mf_kinds[i].type, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_leads_to_a_field),
        cmocka_unit_test(every_row_of_the_tables_is_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
