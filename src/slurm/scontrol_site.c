/* SPDX-License-Identifier: Apache-2.0
 *
 * scontrol_site.c - scontrol show config, hostnames and hostlist; ping
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/say.h"
#include "slurm/load_error.h"
#include "slurm/node_row.h"
#include "slurm/scontrol.h"
#include "slurm/words.h"

/* ------------------------------------------------------------------ hosts */

static int print_names(const char *list)
{
    cleanup(strv_freep) char **names = NULL;
    struct err err;

    if (hostlist_expand(list, &names, &err)) {
        say_error("Invalid hostlist: %s: %s", list, err.text);
        return SLURM_FAILED;
    }
    strv_foreach (name, names)
        printf("%s\n", *name);
    return SLURM_OK;
}

/* "a1,a2,b": as a list with ranges. Ours is always sorted. */
static int print_list(const char *text)
{
    cleanup(strv_freep) char **names = NULL;
    cleanup(freep) char *list = NULL;
    struct err err;

    if (hostlist_expand(text, &names, &err)) {
        say_error("Invalid hostlist: %s: %s", text, err.text);
        return SLURM_FAILED;
    }
    list = hostlist_compress(names);
    printf("%s\n", list);
    return SLURM_OK;
}

int scontrol_show_hosts(struct scontrol *sc, const char *word, int argc, char **argv)
{
    const char *text = argc > 0 ? argv[0] : getenv("SLURM_JOB_NODELIST");

    (void)sc;
    if (!text)
        text = getenv("SLURM_NODELIST");
    if (!text) {
        say_error("host list is empty");
        return SLURM_FAILED;
    }
    return strcmp(word, "hostnames") == 0 ? print_names(text) : print_list(text);
}

/* ------------------------------------------------------------------ config */

static void line(const char *key, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void line(const char *key, const char *fmt, ...)
{
    va_list ap;

    printf("%-23s = ", key);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

static void time_line(const char *key, int64_t when)
{
    struct strbuf text = STRBUF_INIT;

    put_time(&text, when, "Unknown");
    line(key, "%s", text.s);
    strbuf_fini(&text);
}

static const char *or_null(const char *text)
{
    return text && text[0] ? text : "(null)";
}

/* What clients read, and what says most about the cluster; keys are Slurm's. */
static void print_config(const struct config *c, const Berth__Pong *pong)
{
    line("AccountingStorageType", "accounting_storage/slurmdbd");
    line("AuthType", "auth/munge");
    time_line("BOOT_TIME", pong->started_at);
    line("ClusterName", "%s", c->cluster);
    line("DefMemPerNode", "UNLIMITED");
    line("EnforcePartLimits", "ALL");
    line("GresTypes", "gpu");
    line("JobRequeue", "1");
    line("KillWait", "%" PRIu32 " sec", c->node.kill_grace);
    line("Licenses", "%s", or_null(c->licences));
    line("MaxArraySize", "4000000001");
    line("MaxJobCount", "%" PRIu32, c->controller.max_jobs);
    line("MaxNodeCount", "%" PRIu32, pong->nodes_total);
    line("MinJobAge", "%" PRId64 " sec", c->controller.keep_ended);
    line("MpiDefault", "pmix");
    line("PreemptType", "%s",
         c->scheduling.preempt == CONFIG_PREEMPT_QOS         ? "preempt/qos"
         : c->scheduling.preempt == CONFIG_PREEMPT_PARTITION ? "preempt/partition_prio"
                                                             : "preempt/none");
    line("PriorityType", "priority/multifactor");
    line("ProctrackType", "proctrack/cgroup");
    line("ReturnToService", "1");
    line("SchedulerType", "sched/backfill");
    line("SelectType", "select/cons_tres");
    line("SelectTypeParameters", "CR_CORE_MEMORY");
    line("SLURM_CONF", "%s", c->path);
    line("SLURM_VERSION", SLURM_RELEASE);
    line("SlurmUser", "%s", or_null(c->controller.user));
    line("SlurmctldHost[0]", "%s", c->controller.host);
    line("SlurmctldPort", "%u", c->controller.port);
    line("SlurmdPort", "%u", c->node.port);
    line("SlurmdSpoolDir", "%s", c->node.state_dir);
    line("SlurmdTimeout", "%" PRIu32 " sec", c->node.lost_after);
    line("StateSaveLocation", "%s", c->controller.state_dir);
    line("TaskPlugin", "task/affinity,task/cgroup");
    line("TmpFS", "/tmp");
    line("TreeWidth", "%" PRIu32, c->node.fanout);
}

static int ask_pong(struct scontrol *sc, Berth__Pong **ret)
{
    struct berth_err err;

    if (scontrol_open(sc))
        return SLURM_FAILED;
    if (berth_ping(sc->berth, ret, &err) == 0)
        return SLURM_OK;
    return load_error("slurm_load_ctl_conf", &err);
}

int scontrol_show_config(struct scontrol *sc, const char *word, int argc, char **argv)
{
    cleanup(reply_freep) Berth__Pong *pong = NULL;
    cleanup(config_freep) struct config *config = NULL;
    cleanup(freep) char *path = NULL;
    struct strbuf now = STRBUF_INIT;
    struct err err;

    (void)word;
    (void)argc;
    (void)argv;
    if (ask_pong(sc, &pong))
        return SLURM_FAILED;
    if (config_find(NULL, &path, &err) || config_load_settings(path, &config, &err)) {
        say_error("%s", err.text);
        return SLURM_FAILED;
    }
    put_time(&now, pong->now, "Unknown");
    printf("Configuration data as of %s\n", now.s);
    strbuf_fini(&now);
    print_config(config, pong);
    printf("\nSlurmctld(primary) at %s is UP\n", config->controller.host);
    return SLURM_OK;
}

int scontrol_ping(struct scontrol *sc, const char *word, int argc, char **argv)
{
    cleanup(reply_freep) Berth__Pong *pong = NULL;
    cleanup(config_freep) struct config *config = NULL;
    cleanup(freep) char *path = NULL;
    struct berth_err err;
    bool is_up;

    (void)word;
    (void)argc;
    (void)argv;
    if (scontrol_open(sc) || config_find(NULL, &path, NULL) ||
        config_load_settings(path, &config, NULL))
        return SLURM_FAILED;
    is_up = berth_ping(sc->berth, &pong, &err) == 0;
    printf("Slurmctld(primary) at %s is %s\n", config->controller.host,
           is_up ? "UP" : "DOWN");
    return is_up ? SLURM_OK : SLURM_FAILED;
}
