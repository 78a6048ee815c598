/* SPDX-License-Identifier: Apache-2.0
 *
 * job_args.h - what submit, run and alloc were asked for
 *
 * One table of options (job_options) serves the three commands, the directives
 * of a script and the environment. What describes a job lands in 'spec'; what
 * only the command at hand needs lands beside it. A later setting overrides an
 * earlier one, so sources are read from the weakest to the strongest: script,
 * environment, command line.
 */
#ifndef BERTH_OPTIONS_JOB_ARGS_H
#define BERTH_OPTIONS_JOB_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/opts.h"
#include "wire/messages.pb-c.h"

/* Where an option is known: struct opt.where. */
enum {
    FOR_SUBMIT = 1,
    FOR_RUN = 2,
    FOR_ALLOC = 4,
    FOR_STEP = 8, /* also means something for a step inside a job */
};

struct bag;

/* A bag of commands (berth run --bag). Owned strings; NULL: not given. */
struct bag_args {
    char *file, *range, *log;
    bool resume, keep_order;
    uint32_t retry;
    uint64_t max_failures, timeout_ms; /* 0: none */
    struct bag *opened;                /* of the command; NULL: not yet */
};

struct job_args {
    Berth__JobSpec *spec; /* where options go now: one of the components */
    int64_t now;          /* what --begin=now means */

    /* Owned; there is one, whose container is always there. See components.h. */
    Berth__JobSpec **components;
    size_t n_components;

    /* Owned strings; NULL: not given. */
    char *export;
    char *wrap;
    char *config;
    char *mpi;      /* a plugin's name, "none" or "list"; see mpi_kind.h */
    char *key;      /* of the submission */
    char *clusters; /* --clusters: names, of which ours must be one */
    struct bag_args bag;
    char *export_file; /* of variables, or a descriptor's number */
    char *user_env;    /* --get-user-env: how; NULL: not asked for */
    char *propagate;   /* limits that are handed on: "ALL", "NONE", names */
    char *task_prolog, *task_epilog;

    uint32_t wait_after; /* seconds; 0: for ever */

    void (*list_mpi)(void); /* prints what --mpi=list asks for; NULL: names only */

    const char *show;  /* with -ECANCELED: "help", "usage" or "version" */
    uint32_t jobid;    /* run a step in this job; 0: not given */
    int64_t immediate; /* seconds to wait for an allocation; < 0: for ever */
    bool test_only, no_shell, ignore_pbs;
    bool parsable, json, wait, dry_run, quiet, verbose;
    bool external_launcher; /* the program starts the ranks: see launcher.h */
    bool label, unbuffered, pty, overlap, has_kill_on_bad_exit;
    bool in_job; /* a step of a job that runs is asked for */
    bool exact, async, multi_prog;
    uint32_t relative;  /* the first node, counted from 1; 0: not given */
    bool has_container; /* an option about the container was given */
    bool no_entrypoint; /* --entrypoint '': the image's CMD alone is run */

    char **task_nodes; /* of each task (strv); NULL: as --distribution has it */

    char **pods; /* files of helper pods (strv) */

    /* Sentences about options that are accepted but not honoured yet, each
     * once (strv). */
    char **warnings;
};

void job_args_init(struct job_args *args, int64_t now);
void job_args_fini(struct job_args *args);

/* Note a warning unless it is there already. */
void job_args_warn(struct job_args *args, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Replace string member '*field' of a message by a heap string. */
void spec_take_string(char **field, char *value);

/* All options of the three commands. */
extern const struct opt job_options[];

/* Setters, one for each meaning (job_setters.c, resource_setters.c,
 * container_setters.c, mount_setters.c, end_setters.c). Those that
 * end in _string write the member at opt->offset: of the spec, of its container
 * or of the job_args. */
#define SETTER(name) \
    int name(const struct opt *opt, const char *value, void *ctx, struct err *err)
SETTER(set_spec_string);
SETTER(set_args_string);
SETTER(set_args_flag);
SETTER(set_spec_flag);
SETTER(set_count);
SETTER(set_nodes);
SETTER(set_time);
SETTER(set_memory);
SETTER(set_exclusive);
SETTER(set_oversubscribe);
SETTER(set_array);
SETTER(set_dependency);
SETTER(set_features);
SETTER(set_gres);
SETTER(set_gpus);
SETTER(set_tres_per_task);
SETTER(set_licences);
SETTER(set_switches);
SETTER(set_time_min);
SETTER(set_deadline);
SETTER(set_yes_no);
SETTER(set_priority);
SETTER(set_hint);
SETTER(set_hold);
SETTER(set_begin);
SETTER(set_nice);
SETTER(set_open_mode);
SETTER(set_hostlist);
SETTER(set_chdir);
SETTER(set_placement);
SETTER(set_bind);
SETTER(set_mem_bind);
SETTER(set_gpu_bind);
SETTER(set_node_info);
SETTER(set_mpi);
SETTER(set_distribution);
SETTER(set_kill_on_bad_exit);
SETTER(set_relative);
SETTER(set_signal);
SETTER(set_wait_after);
SETTER(set_propagate);
SETTER(set_user_env);
SETTER(set_mail_type);
SETTER(set_image);
SETTER(set_bag_retry);
SETTER(set_bag_max_failures);
SETTER(set_bag_timeout);
SETTER(set_mount);
SETTER(set_mounts);
SETTER(set_device);
SETTER(set_container_name);
SETTER(set_runtime);
SETTER(set_host_mpi);
SETTER(set_no_home);
SETTER(set_as_root);
SETTER(set_tmpfs);
SETTER(set_read_only);
SETTER(set_writable);
SETTER(set_overlay);
SETTER(set_workdir);
SETTER(set_entrypoint);
SETTER(set_image_entrypoint);
SETTER(set_env);
SETTER(set_pod);
SETTER(set_env_list);
SETTER(set_hostname);
SETTER(set_network);
SETTER(set_seccomp);
SETTER(set_jobid);
SETTER(set_immediate);
SETTER(set_security_opt);
/* Say opt->note and go on / take it silently / refuse with it. */
SETTER(set_unhonoured);
SETTER(set_nothing);
SETTER(set_refused);
#undef SETTER

#endif
