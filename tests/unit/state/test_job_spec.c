/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job_spec.c - the words that each impossible wish is answered with
 */
#include "state/job_spec.h"

#include "base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static uint8_t good_script[] = "#!/bin/sh\nexit 0\n";

static Berth__JobSpec good(void)
{
    Berth__JobSpec spec;

    berth__job_spec__init(&spec);
    spec.script.data = good_script;
    spec.script.len = sizeof(good_script) - 1;
    return spec;
}

static void assert_refused(const Berth__JobSpec *spec, const char *words)
{
    struct err err = {0};

    assert_true(job_spec_check(spec, &err) < 0);
    assert_string_equal(err.text, words);
}

static void a_plain_batch_script_passes(void **state)
{
    Berth__JobSpec spec = good();
    struct err err = {0};

    (void)state;
    assert_int_equal(job_spec_check(&spec, &err), 0);
}

static void an_interactive_job_needs_no_script(void **state)
{
    Berth__JobSpec spec = good();

    (void)state;
    spec.script.len = 0;
    assert_refused(&spec, "Batch script is empty!");
    spec.interactive = true;
    assert_int_equal(job_spec_check(&spec, NULL), 0);
}

static void scripts_are_refused_in_slurms_words(void **state)
{
    static const struct {
        const char *script, *words;
    } cases[] = {
        {" \n\t\n", "Batch script contains only whitespace!"},
        {"echo hello\n",
         "This does not look like a batch script.  The first line must start with #! "
         "followed by the path to an interpreter. For instance: #!/bin/sh"},
        {"#!/bin/sh\r\necho\r\n",
         "Batch script contains DOS line breaks (\\r\\n) instead of expected UNIX "
         "line breaks (\\n)."},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(freep) char *script = xstrdup(cases[i].script);
        Berth__JobSpec spec = good();

        spec.script.data = (uint8_t *)script;
        spec.script.len = strlen(script);
        assert_refused(&spec, cases[i].words);
    }
}

static void a_nul_byte_and_a_huge_script_are_refused(void **state)
{
    cleanup(freep) uint8_t *huge = xmalloc(JOB_SCRIPT_MAX + 1);
    Berth__JobSpec spec = good();

    (void)state;
    memset(huge, '#', JOB_SCRIPT_MAX + 1);
    huge[1] = '!';
    spec.script.data = huge;
    spec.script.len = JOB_SCRIPT_MAX;
    assert_int_equal(job_spec_check(&spec, NULL), 0);
    spec.script.len++;
    assert_refused(&spec, "Batch script has 4194305 bytes: at most 4194304");
    spec.script.len = 20;
    huge[10] = '\0';
    assert_refused(&spec, "Batch script contains a NUL byte");
}

static void a_lone_carriage_return_is_no_dos_break(void **state)
{
    static uint8_t script[] = "#!/bin/sh\nprintf '\r'\r";
    Berth__JobSpec spec = good();

    (void)state;
    spec.script.data = script;
    spec.script.len = sizeof(script) - 1;
    assert_int_equal(job_spec_check(&spec, NULL), 0);
}

static void names_must_be_printable_and_short(void **state)
{
    static char control[] = "a\033[31m", long_name[1100];
    Berth__JobSpec spec = good();

    (void)state;
    spec.name = control;
    assert_refused(&spec,
                   "--job-name: holds the control character \\x1b at position 2");
    memset(long_name, 'x', sizeof(long_name) - 1);
    spec.name = long_name;
    assert_refused(&spec, "--job-name: more than 1024 characters");
}

static void a_relative_directory_is_refused(void **state)
{
    static char cwd[] = "work";
    Berth__JobSpec spec = good();

    (void)state;
    spec.cwd = cwd;
    assert_refused(&spec, "--chdir=work: must be an absolute path");
}

static void an_environment_entry_needs_a_name_and_a_value(void **state)
{
    static char bare[] = "HOME", nameless[] = "=x";
    char *env[] = {bare};
    Berth__JobSpec spec = good();

    (void)state;
    spec.env = env;
    spec.n_env = 1;
    assert_refused(&spec, "--export: 'HOME' is not NAME=value");
    env[0] = nameless;
    assert_refused(&spec, "--export: '=x' is not NAME=value");
}

static void a_huge_environment_is_refused_with_a_way_out(void **state)
{
    cleanup(freep) char *value = xcalloc(1, JOB_ENV_MAX + 8);
    char *env[] = {value};
    Berth__JobSpec spec = good();

    (void)state;
    memset(value, 'x', JOB_ENV_MAX);
    value[1] = '=';
    spec.env = env;
    spec.n_env = 1;
    assert_refused(&spec,
                   "arguments and environment have 4194305 bytes: at most 4194304; "
                   "--export=NONE leaves the environment behind");
}

static void contradicting_sizes_are_refused(void **state)
{
    Berth__JobSpec spec = good();

    (void)state;
    spec.nodes_min = 4;
    spec.nodes_max = 2;
    assert_refused(&spec, "--nodes=4-2: the second number is smaller");
    spec.nodes_max = 4;
    spec.tasks_per_node = 2;
    spec.tasks = 9;
    assert_refused(&spec, "--ntasks=9: more than --ntasks-per-node=2 on --nodes=4");
    spec = good();
    spec.mem_per_node = 1;
    spec.mem_per_cpu = 1;
    assert_refused(&spec, "--mem and --mem-per-cpu are mutually exclusive");
    spec = good();
    spec.tasks = 4000000000;
    assert_refused(&spec, "--ntasks=4000000000: at most 1000000");
    spec = good();
    spec.time_limit = -2;
    assert_refused(&spec, "--time: -2 seconds is not a time limit");
    spec = good();
    spec.nice = 20000;
    assert_refused(&spec, "--nice=20000: must be between -10000 and 10000");
}

static void a_misspelt_choice_is_answered_with_the_nearest(void **state)
{
    static char bind[] = "cores", placement[] = "wide";
    Berth__JobSpec spec = good();

    (void)state;
    spec.bind = bind;
    assert_refused(&spec, "--bind=cores: no such choice; did you mean 'core'?");
    spec = good();
    spec.placement = placement;
    assert_refused(&spec, "--placement=wide: no such choice; the first is 'compact'");
}

static void an_image_needs_a_digest_and_mounts_absolute_paths(void **state)
{
    static char image[] = "hpcc", bad[] = "sha256:xyz", digest[] = DIGEST;
    static char data[] = "data", target[] = "/data";
    Berth__ContainerSpec container;
    Berth__Mount mount, *mounts[] = {&mount};
    Berth__JobSpec spec = good();

    (void)state;
    berth__container_spec__init(&container);
    berth__mount__init(&mount);
    spec.container = &container;
    assert_int_equal(job_spec_check(&spec, NULL), 0);
    container.image = image;
    container.image_digest = bad;
    assert_refused(&spec, "--image=hpcc: 'sha256:xyz' is not an image's digest");
    container.image_digest = digest;
    assert_int_equal(job_spec_check(&spec, NULL), 0);
    mount.source = data;
    mount.target = target;
    container.mounts = mounts;
    container.n_mounts = 1;
    assert_refused(&spec, "--mount=data:/data: both paths must be absolute");
}

static void impossible_rlimits_are_refused(void **state)
{
    Berth__Rlimit limit, *limits[] = {&limit};
    Berth__JobSpec spec = good();

    (void)state;
    berth__rlimit__init(&limit);
    limit.resource = 99;
    spec.rlimits = limits;
    spec.n_rlimits = 1;
    assert_refused(&spec, "resource limit 99 is impossible");
    limit.resource = 1;
    limit.soft = 2;
    limit.hard = 1;
    assert_refused(&spec, "resource limit 1 is impossible");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_batch_script_passes),
        cmocka_unit_test(an_interactive_job_needs_no_script),
        cmocka_unit_test(scripts_are_refused_in_slurms_words),
        cmocka_unit_test(a_nul_byte_and_a_huge_script_are_refused),
        cmocka_unit_test(a_lone_carriage_return_is_no_dos_break),
        cmocka_unit_test(names_must_be_printable_and_short),
        cmocka_unit_test(a_relative_directory_is_refused),
        cmocka_unit_test(an_environment_entry_needs_a_name_and_a_value),
        cmocka_unit_test(a_huge_environment_is_refused_with_a_way_out),
        cmocka_unit_test(contradicting_sizes_are_refused),
        cmocka_unit_test(a_misspelt_choice_is_answered_with_the_nearest),
        cmocka_unit_test(an_image_needs_a_digest_and_mounts_absolute_paths),
        cmocka_unit_test(impossible_rlimits_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
