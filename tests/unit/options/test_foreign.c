/* SPDX-License-Identifier: Apache-2.0
 *
 * test_foreign.c - directives of PBS and LSF in our options
 */
#include "options/foreign.h"

#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_translated(enum foreign kind, const char *text, const char *words,
                              const char *left)
{
    cleanup(strv_freep) char **split = strv_split(text, " ");
    cleanup(foreign_fini) struct foreign_options options;
    cleanup(freep) char *got = NULL, *got_left = NULL;

    assert_int_equal(foreign_translate(kind, split, &options, NULL), 0);
    got = strv_join(options.words, " ");
    got_left = strv_join(options.left, " ; ");
    assert_string_equal(got, words);
    assert_string_equal(got_left, left);
}

static void pbs_resources_become_sizes(void **state)
{
    (void)state;
    assert_translated(FOREIGN_PBS, "-l nodes=2:ppn=4:gpus=1:ssd,walltime=1:00:00",
                      "--nodes=2 --ntasks-per-node=4 --gpus-per-node=1 "
                      "--constraint=ssd --time=1:00:00",
                      "");
    assert_translated(FOREIGN_PBS, "-lselect=2:ncpus=8:mpiprocs=4:mem=16gb:ngpus=1",
                      "--nodes=2 --mem=16gb --gpus-per-node=1 --ntasks-per-node=4 "
                      "--cpus-per-task=2",
                      "");
    assert_translated(FOREIGN_PBS, "-l select=4:ncpus=8",
                      "--nodes=4 --ntasks-per-node=1 --cpus-per-task=8", "");
    assert_translated(FOREIGN_PBS, "-l nodes=n1+n2,mem=4gb,pmem=1gb,procs=8",
                      "--nodelist=n1,n2 --mem=4gb --mem-per-cpu=1gb --ntasks=8", "");
    /* Seconds there, minutes here. */
    assert_translated(FOREIGN_PBS, "-l walltime=90", "--time=0:90", "");
}

static void pbs_options_become_ours(void **state)
{
    (void)state;
    assert_translated(FOREIGN_PBS, "-N name -q short@server -A proj -o out -e err",
                      "--job-name=name --partition=short --account=proj --output=out "
                      "--error=err",
                      "");
    assert_translated(FOREIGN_PBS, "-V -h -r n -j oe -J 1-10 -m ae",
                      "--export=ALL --hold --no-requeue --array=1-10 --mail-type=FAIL "
                      "--mail-type=END",
                      "");
    assert_translated(FOREIGN_PBS, "-W depend=afterok:12 -v A=1,B",
                      "--dependency=afterok:12 --export=A=1,B", "");
}

static void what_pbs_has_alone_is_left(void **state)
{
    (void)state;
    assert_translated(FOREIGN_PBS, "-l cput=1:00 -W umask=022 -I -k oe", "",
                      "-l cput=1:00 ; -W umask=022 ; -I ; -k oe");
    assert_translated(FOREIGN_PBS, "-l select=1:ncpus=2+2:ncpus=4", "",
                      "-l select 1:ncpus=2+2:ncpus=4");
}

static void lsf_options_become_ours(void **state)
{
    (void)state;
    assert_translated(FOREIGN_BSUB, "-J name[1-10]%4 -n 8,16 -W 1:30 -q short",
                      "--job-name=name --array=1-10%4 --ntasks=8 --time=1:30:00 "
                      "--partition=short",
                      "");
    assert_translated(FOREIGN_BSUB, "-W 90/host -R span[ptile=4] -M 2000000 -x",
                      "--time=90 --ntasks-per-node=4 --mem=2000000K --exclusive", "");
    assert_translated(FOREIGN_BSUB, "-oo out.%J.%I -e err.%J -w done(17) -gpu num=2",
                      "--output=out.%j.%a --error=err.%j --dependency=afterok:17 "
                      "--gpus-per-node=2",
                      "");
    assert_translated(FOREIGN_BSUB, "-R rusage[mem=1] -w done(a)&&b -app x", "",
                      "-R rusage[mem=1] ; -w done(a)&&b ; -app ; x");
}

static void a_value_that_is_missing_is_refused(void **state)
{
    char option[] = "-N", *words[] = {option, NULL}, tasks[] = "-n";
    char *others[] = {tasks, NULL};
    struct foreign_options options;
    struct err err;

    (void)state;
    assert_int_equal(foreign_translate(FOREIGN_PBS, words, &options, &err), -EINVAL);
    assert_string_equal(err.text, "#PBS -N: needs a value");
    foreign_fini(&options);
    assert_int_equal(foreign_translate(FOREIGN_BSUB, others, &options, &err), -EINVAL);
    assert_string_equal(err.text, "#BSUB -n: needs a value");
    foreign_fini(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pbs_resources_become_sizes),
        cmocka_unit_test(pbs_options_become_ours),
        cmocka_unit_test(what_pbs_has_alone_is_left),
        cmocka_unit_test(lsf_options_become_ours),
        cmocka_unit_test(a_value_that_is_missing_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
