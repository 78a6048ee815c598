/* SPDX-License-Identifier: Apache-2.0
 *
 * test_document.c - messages as YAML
 */
#include "cli/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/messages.pb-c.h"

static void a_spec_prints_as_yaml_without_its_defaults(void **state)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    char name[] = "12", script[] = "#!/bin/sh\necho\n";
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;

    (void)state;
    spec.name = name;
    spec.tasks = 4;
    spec.hold = 1;
    spec.script.data = (uint8_t *)script;
    spec.script.len = 15;
    assert_int_equal(document_print_yaml(document_of(&spec.base, true), out), 0);
    fclose(out);
    assert_string_equal(text, "name: '12'\n"
                              "script: |\n"
                              "  #!/bin/sh\n"
                              "  echo\n"
                              "tasks: 4\n"
                              "hold: true\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spec_prints_as_yaml_without_its_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
