/* SPDX-License-Identifier: Apache-2.0
 *
 * trial_main.c - berth-topology-trial: load the topology on standard input, and say
 *                how that went
 *
 * It may crash, and it may leak: that is what it is for. trial.h has the report.
 */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "topo/hwloc_source.h"
#include "topo/trial.h"

/* Time on a processor, not on the wall: a busy machine changes nothing. */
static void bound_ourselves(void)
{
    struct rlimit cpu = {TRIAL_CPU_SECONDS, TRIAL_CPU_SECONDS};
    setrlimit(RLIMIT_CPU, &cpu);
    prctl(PR_SET_DUMPABLE, 0);
}

/* Written by hand and left by _exit(): nobody wants a checker's report on leaks. */
static void __attribute__((noreturn)) report(char kind, const char *words)
{
    char line[ERR_TEXT_MAX];
    int n = snprintf(line, sizeof(line), "%c%s", kind, words);
    size_t len = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
    _exit(io_write_full(STDOUT_FILENO, line, len) < 0);
}

int main(void)
{
    struct err err = {0};
    char *xml;
    bound_ourselves();
    if (io_read_fd(STDIN_FILENO, TOPO_XML_MAX, &xml, NULL, &err) < 0 ||
        hwloc_source_try(xml, &err) < 0)
        report(TRIAL_REFUSED, err.text);
    report(TRIAL_FINE, "");
}
