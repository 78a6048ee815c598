/* SPDX-License-Identifier: Apache-2.0
 *
 * job_options.c - the options of submit, run and alloc, in Slurm's spelling
 *
 * Every option of sbatch(1), srun(1) and salloc(1) that scripts in the wild use
 * is here: honoured (with a help text), harmless and warned about (what runs
 * stays the same), or refused (it would change what runs).
 */
#include "options/job_args.h"

#define ANY (FOR_SUBMIT | FOR_RUN | FOR_ALLOC)
#define SPEC(member) offsetof(Berth__JobSpec, member)
#define ARGS(member) offsetof(struct job_args, member)

/* Rows: name, letter, does it take a value, and the rest. */
#define FLAG(name_, letter_, set_, ...)                                             \
    {                                                                               \
        .name = name_, .letter = letter_, .arg = OPT_NONE, .set = set_, __VA_ARGS__ \
    }
#define VALUE(name_, letter_, meta_, set_, ...)                             \
    {                                                                       \
        .name = name_, .letter = letter_, .arg = OPT_NEEDED, .meta = meta_, \
        .set = set_, __VA_ARGS__                                            \
    }
#define MAYBE(name_, letter_, meta_, set_, ...)                               \
    {                                                                         \
        .name = name_, .letter = letter_, .arg = OPT_OPTIONAL, .meta = meta_, \
        .set = set_, __VA_ARGS__                                              \
    }
/* Accepted, not honoured; the note goes on the sentence. */
#define HARMLESS(arg_, name_, letter_, where_)                                \
    {                                                                         \
        .name = name_, .letter = letter_, .arg = arg_, .set = set_unhonoured, \
        .where = where_, .note = ""                                           \
    }
/* What it asks for already holds here. */
#define GRANTED(arg_, name_, letter_, where_)                              \
    {                                                                      \
        .name = name_, .letter = letter_, .arg = arg_, .set = set_nothing, \
        .where = where_, .note = ""                                        \
    }
#define REFUSED(arg_, name_, letter_, where_, why_)                        \
    {                                                                      \
        .name = name_, .letter = letter_, .arg = arg_, .set = set_refused, \
        .where = where_, .note = why_                                      \
    }

const struct opt job_options[] = {
    /* How large. */
    VALUE("nodes", 'N', "N[-M]", set_nodes, .help = "number of nodes, or a range"),
    VALUE("ntasks", 'n', "N", set_count, .offset = SPEC(tasks),
          .help = "number of tasks (MPI ranks)"),
    VALUE("tasks", 0, "N", set_count, .offset = SPEC(tasks)),
    VALUE("cpus-per-task", 'c', "N", set_count, .offset = SPEC(cpus_per_task),
          .help = "cores for each task"),
    VALUE("ntasks-per-node", 0, "N", set_count, .offset = SPEC(tasks_per_node),
          .help = "tasks on each node"),
    VALUE("tasks-per-node", 0, "N", set_count, .offset = SPEC(tasks_per_node)),
    VALUE("ntasks-per-socket", 0, "N", set_count, .offset = SPEC(tasks_per_socket),
          .help = "at most that many tasks on each socket"),
    VALUE("ntasks-per-core", 0, "N", set_count, .offset = SPEC(tasks_per_core),
          .help = "at most that many tasks on each core"),
    VALUE("mem", 0, "SIZE", set_memory, .offset = SPEC(mem_per_node),
          .help = "memory on each node, in MiB or with K M G T; 0 is all"),
    VALUE("mem-per-cpu", 0, "SIZE", set_memory, .offset = SPEC(mem_per_cpu),
          .help = "memory for each core"),
    VALUE("mem-per-gpu", 0, "SIZE", set_memory, .offset = SPEC(mem_per_gpu),
          .help = "memory for each GPU"),
    VALUE("time", 't', "TIME", set_time,
          .help = "time limit: minutes, H:M:S, D-H:M:S, 1h30m"),
    VALUE("time-min", 0, "TIME", set_time_min,
          .help = "the time limit may shrink to this for an earlier start"),
    MAYBE("exclusive", 0, "user", set_exclusive,
          .help = "whole nodes, or nodes of one's own jobs"),
    FLAG("oversubscribe", 's', set_oversubscribe,
         .help = "cores may be shared with other jobs"),
    FLAG("share", 0, set_oversubscribe),
    FLAG("overcommit", 'O', set_spec_flag, .offset = SPEC(overcommit),
         .help = "tasks may share cores"),

    /* With what. */
    VALUE("gpus-per-node", 0, "[TYPE:]N", set_gpus, .offset = SPEC(gpus_per_node),
          .help = "GPUs on each node"),
    VALUE("gpus-per-task", 0, "[TYPE:]N", set_gpus, .offset = SPEC(gpus_per_task),
          .help = "GPUs for each task"),
    VALUE("gpus-per-socket", 0, "[TYPE:]N", set_gpus, .offset = SPEC(gpus_per_socket),
          .help = "GPUs on each socket"),
    VALUE("gpus", 'G', "[TYPE:]N", set_gpus, .offset = SPEC(gpus),
          .help = "GPUs of the whole job"),
    VALUE("ntasks-per-gpu", 0, "N", set_count, .offset = SPEC(tasks_per_gpu),
          .help = "tasks for each GPU"),
    VALUE("cpus-per-gpu", 0, "N", set_count, .offset = SPEC(cpus_per_gpu),
          .help = "cores for each GPU"),
    VALUE("gres", 0, "NAME[:TYPE][:N],...", set_gres, .offset = SPEC(gres),
          .help = "generic resources on each node: gpu:a100:2,nvme:100G"),
    VALUE("tres-per-task", 0, "LIST", set_tres_per_task, .offset = SPEC(gpus_per_task)),
    VALUE("licenses", 'L', "NAME[:N],...", set_licences, .offset = SPEC(licences),
          .help = "licences held while the job runs; '|' for one of them"),

    /* Where. */
    VALUE("partition", 'p', "NAME", set_spec_string, .offset = SPEC(partition),
          .help = "partition"),
    VALUE("nodelist", 'w', "NODES", set_hostlist, .offset = SPEC(nodelist),
          .help = "nodes that must be part of it: n[1-4]"),
    VALUE("exclude", 'x', "NODES", set_hostlist, .offset = SPEC(exclude),
          .help = "nodes to stay away from"),
    VALUE("constraint", 'C', "FEATURES", set_features, .offset = SPEC(constraint),
          .help = "features of the nodes: 'a&b|!c', '[x|y]' all alike, 'a*2' two"),
    VALUE("prefer", 0, "FEATURES", set_features, .offset = SPEC(prefer),
          .help = "features to take when there is a choice"),
    FLAG("contiguous", 0, set_spec_flag, .offset = SPEC(contiguous),
         .help = "neighbouring nodes only"),
    VALUE("switches", 0, "N[@TIME]", set_switches, .offset = SPEC(switches),
          .help = "at most N leaf switches; after TIME any place will do"),
    VALUE("reservation", 0, "NAME", set_spec_string, .offset = SPEC(reservation),
          .help = "reservation to run in"),
    VALUE("placement", 0, "HOW", set_placement, .help = "compact (default) or spread"),
    FLAG("spread-job", 0, set_placement, .note = "spread"),
    VALUE("cpu-bind", 0, "[verbose,]TO", set_bind, .where = ANY | FOR_STEP,
          .help =
              "bind tasks to: cores (default), threads, sockets, ldoms, none, rank, "
              "map_cpu:LIST, mask_cpu:LIST, rank_ldom, map_ldom:LIST, ..."),
    VALUE("bind", 0, "TO", set_bind, .where = ANY | FOR_STEP),
    VALUE("mem-bind", 0, "[verbose,]TO", set_mem_bind, .where = ANY | FOR_STEP,
          .help = "bind memory to: local, none, rank, map_mem:LIST, mask_mem:LIST; "
                  "prefer"),
    VALUE("gpu-bind", 0, "[verbose,]TO", set_gpu_bind, .where = ANY | FOR_STEP,
          .help = "GPUs that tasks see: closest, single:N, per_task:N, map_gpu:LIST, "
                  "mask_gpu:LIST, none"),
    VALUE("tres-bind", 0, "gres/gpu:TO", set_gpu_bind, .where = ANY | FOR_STEP),
    VALUE("distribution", 'm', "NODES[:SOCKETS]", set_distribution,
          .where = ANY | FOR_STEP,
          .help = "ranks over nodes: block (default), cyclic, plane=N, arbitrary; over "
                  "sockets: block, cyclic, fcyclic"),
    VALUE("hint", 0, "KIND", set_hint, .where = ANY | FOR_STEP,
          .help = "compute_bound, memory_bound, multithread, nomultithread"),
    VALUE("threads-per-core", 0, "N", set_count, .offset = SPEC(threads_per_core),
          .where = ANY | FOR_STEP, .help = "use at most N hardware threads of a core"),
    VALUE("extra-node-info", 'B', "S[:C[:T]]", set_node_info, .where = ANY | FOR_STEP),

    /* In what. */
    VALUE("image", 0, "NAME", set_image, .help = "container image ('berth image ls')"),
    VALUE("container-image", 0, "NAME", set_image),
    VALUE("mount", 0, "SRC[:DST[:ro]]", set_mount,
          .help = "show a directory in the container; may be repeated"),
    VALUE("volume", 0, "SRC[:DST[:ro]]", set_mount),
    VALUE("container-mounts", 0, "LIST", set_mounts),
    VALUE("device", 0, "VENDOR/CLASS=NAME", set_device,
          .help = "device of the node to show in the container; may be repeated"),
    VALUE("tmpfs", 0, "PATH[:SIZE]", set_tmpfs,
          .help = "an empty directory in memory; may be repeated"),
    FLAG("read-only", 0, set_read_only, .help = "the image cannot be written to"),
    FLAG("container-readonly", 0, set_read_only),
    FLAG("writable-tmpfs", 0, set_writable,
         .help = "what is written to the image is forgotten (default)"),
    FLAG("container-writable", 0, set_writable),
    VALUE("overlay", 0, "DIR", set_overlay,
          .help = "what is written to the image is kept in DIR"),
    VALUE("runtime", 0, "NAME", set_runtime,
          .help = "who makes the container: native, oci (default: the site's choice)"),
    MAYBE("host-mpi", 0, "NAME", set_host_mpi,
          .help = "the nodes' MPI in place of the image's"),
    FLAG("no-home", 0, set_no_home, .help = "hide the home directory"),
    FLAG("no-container-mount-home", 0, set_no_home),
    FLAG("as-root", 0, set_as_root, .help = "appear as root in the container"),
    FLAG("container-remap-root", 0, set_as_root),
    GRANTED(OPT_NONE, "no-container-remap-root", 0, ANY),
    VALUE("container-name", 0, "NAME", set_container_name,
          .help = "a container that the job's steps share on a node"),
    GRANTED(OPT_NONE, "container-mount-home", 0, ANY),
    VALUE("workdir", 0, "DIR", set_workdir, .help = "working directory inside"),
    VALUE("container-workdir", 0, "DIR", set_workdir),
    VALUE("entrypoint", 0, "CMD", set_entrypoint,
          .help = "run commands through CMD; '' for none (default)"),
    FLAG("container-entrypoint", 0, set_image_entrypoint,
         .help = "run commands through the image's ENTRYPOINT"),
    GRANTED(OPT_NONE, "no-container-entrypoint", 0, ANY),
    VALUE("env", 0, "NAME[=VALUE]", set_env,
          .help = "set a variable over the image's; may be repeated"),
    VALUE("container-env", 0, "NAME,...", set_env_list),
    VALUE("hostname", 0, "NAME", set_hostname, .help = "host name inside"),
    VALUE("network", 0, "host|none", set_network,
          .help = "the node's network (default), or a loopback device only"),
    VALUE("seccomp", 0, "FILE|unconfined", set_seccomp,
          .help = "system calls: a profile in Docker's form, or no filter"),
    VALUE("security-opt", 0, "seccomp=...", set_security_opt),
    VALUE("chdir", 'D', "DIR", set_chdir, .help = "working directory"),
    VALUE("export", 0, "LIST", set_args_string, .offset = ARGS(export),
          .help = "environment: ALL (default), NONE, or [ALL,]NAME[=VALUE],..."),

    VALUE("export-file", 0, "FILE|FD", set_args_string, .offset = ARGS(export_file),
          .where = FOR_SUBMIT,
          .help = "more variables: NAME=VALUE, each ended by a NUL byte"),
    MAYBE("get-user-env", 0, "[SECONDS][S|L]", set_user_env, .where = FOR_SUBMIT,
          .help = "add what a login shell would set, where it is not set here"),

    /* Beside it. */
    VALUE("pod", 0, "FILE", set_pod, .where = FOR_SUBMIT,
          .help = "a helper pod that starts and ends with the job (Kubernetes' YAML or "
                  "JSON); may be repeated"),

    /* When. */
    FLAG("hold", 'H', set_hold, .help = "submit held; 'berth release' lets it go"),
    VALUE("begin", 'b', "WHEN", set_begin,
          .help = "not before: 16:00, now+1hour, 2030-01-31T12:00"),
    VALUE("deadline", 0, "WHEN", set_deadline,
          .help = "do not run at all if it cannot end before"),
    VALUE("dependency", 'd', "LIST", set_dependency, .offset = SPEC(dependency),
          .help = "after other jobs: afterok:12:13,after:9+30, singleton"),
    VALUE("kill-on-invalid-dep", 0, "yes|no", set_yes_no,
          .offset = SPEC(kill_on_invalid_dep),
          .help = "what if the dependency can never hold"),
    VALUE("array", 'a', "INDEXES", set_array, .offset = SPEC(array),
          .where = FOR_SUBMIT,
          .help = "a job for each index: 0-15, 1,3,7-9:2; at most 4 at once: 0-15%4"),
    FLAG("requeue", 0, set_yes_no, .offset = SPEC(requeue), .note = "yes",
         .help = "back to the queue when its node fails"),
    FLAG("no-requeue", 0, set_yes_no, .offset = SPEC(requeue), .note = "no",
         .help = "end with its node"),
    VALUE("priority", 0, "N", set_priority, .help = "a fixed priority (root); 0 holds"),
    VALUE("signal", 0, "[B:]SIG[@S]", set_signal,
          .help = "this signal S (60) seconds before the limit; B: to the script"),
    MAYBE("propagate", 0, "LIST", set_propagate,
          .help = "limits to hand on: ALL (default), NONE, or STACK,NOFILE,..."),
    MAYBE("nice", 0, "N", set_nice, .help = "lower the priority by N (100)"),

    /* As what. */
    VALUE("job-name", 'J', "NAME", set_spec_string, .offset = SPEC(name),
          .help = "name of the job"),
    VALUE("account", 'A', "NAME", set_spec_string, .offset = SPEC(account),
          .help = "account to charge"),
    VALUE("qos", 'q', "NAME", set_spec_string, .offset = SPEC(qos),
          .help = "quality of service"),
    VALUE("wckey", 0, "NAME", set_spec_string, .offset = SPEC(wckey),
          .help = "key for accounting"),
    VALUE("comment", 0, "TEXT", set_spec_string, .offset = SPEC(comment),
          .help = "words kept with the job"),

    /* Files. */
    VALUE("output", 'o', "FILE", set_spec_string, .offset = SPEC(output),
          .where = FOR_SUBMIT | FOR_RUN | FOR_STEP,
          .help = "where stdout goes: a file (%j job, %x name; %t task, %N node: each "
                  "its own), none, a task's number alone"),
    VALUE("error", 'e', "FILE", set_spec_string, .offset = SPEC(error),
          .where = FOR_SUBMIT | FOR_RUN | FOR_STEP,
          .help = "where stderr goes (default: with stdout)"),
    VALUE("input", 'i', "FILE", set_spec_string, .offset = SPEC(input),
          .where = FOR_SUBMIT | FOR_RUN | FOR_STEP,
          .help = "what stdin reads: a file, none, or (run) our stdin: all tasks "
                  "(default) or a task's number"),
    VALUE("open-mode", 0, "HOW", set_open_mode,
          .where = FOR_SUBMIT | FOR_RUN | FOR_STEP,
          .help = "truncate (default) or append to these files"),

    /* Of submit. */
    VALUE("wrap", 0, "COMMAND", set_args_string, .offset = ARGS(wrap),
          .where = FOR_SUBMIT, .help = "run this shell command instead of a script"),
    FLAG("wait", 'W', set_args_flag, .offset = ARGS(wait), .where = FOR_SUBMIT,
         .help = "wait for the end, exit as the job does"),
    FLAG("parsable", 0, set_args_flag, .offset = ARGS(parsable), .where = FOR_SUBMIT,
         .help = "print the job's number only"),
    FLAG("test-only", 0, set_args_flag, .offset = ARGS(test_only),
         .where = FOR_SUBMIT | FOR_RUN,
         .help = "tell when the job would start; submit nothing"),
    FLAG("ignore-pbs", 0, set_args_flag, .offset = ARGS(ignore_pbs),
         .where = FOR_SUBMIT, .help = "leave #PBS and #BSUB lines alone"),
    FLAG("dry-run", 0, set_args_flag, .offset = ARGS(dry_run), .where = FOR_SUBMIT,
         .help = "print what would be submitted, as YAML"),
    VALUE("key", 0, "TEXT", set_args_string, .offset = ARGS(key), .where = FOR_SUBMIT,
          .help = "repeated with the same key, it is the same job"),
    FLAG("json", 0, set_args_flag, .offset = ARGS(json),
         .where = FOR_SUBMIT | FOR_RUN | FOR_STEP, .help = "print JSON"),

    /* Of run. */
    FLAG("label", 'l', set_args_flag, .offset = ARGS(label),
         .where = FOR_RUN | FOR_STEP, .help = "put the task's rank before each line"),
    FLAG("unbuffered", 'u', set_args_flag, .offset = ARGS(unbuffered),
         .where = FOR_RUN | FOR_STEP,
         .help = "hand on output as it comes, not by lines"),
    FLAG("pty", 0, set_args_flag, .offset = ARGS(pty), .where = FOR_RUN | FOR_STEP,
         .help = "task 0 gets a terminal, as with ssh; other tasks get no streams"),
    VALUE("mpi", 0, "KIND", set_mpi, .where = FOR_RUN | FOR_STEP,
          .help = "how tasks find each other: pmix (default with several), pmi2 "
                  "(MPICH, Intel MPI), none; list: what there is"),
    MAYBE(
        "kill-on-bad-exit", 'K', "0|1", set_kill_on_bad_exit,
        .where = FOR_RUN | FOR_STEP,
        .help =
            "end the step when a task exits with an error; default unless --mpi=none"),
    VALUE("wait", 'W', "SECONDS", set_wait_after, .where = FOR_RUN | FOR_STEP,
          .help = "end the others so long after the first task has ended"),
    VALUE("task-prolog", 0, "FILE", set_args_string, .offset = ARGS(task_prolog),
          .where = FOR_RUN | FOR_STEP, .help = "run this before each task"),
    VALUE("task-epilog", 0, "FILE", set_args_string, .offset = ARGS(task_epilog),
          .where = FOR_RUN | FOR_STEP, .help = "run this after each task"),
    FLAG("overlap", 0, set_args_flag, .offset = ARGS(overlap),
         .where = FOR_RUN | FOR_STEP, .help = "share cores with other steps"),
    FLAG("exact", 0, set_args_flag, .offset = ARGS(exact), .where = FOR_RUN | FOR_STEP,
         .help = "use no core but those that the step counts"),
    VALUE("relative", 'r', "N", set_relative, .where = FOR_RUN | FOR_STEP,
          .help = "begin with node N of the allocation, counted from 0"),
    FLAG("async", 0, set_args_flag, .offset = ARGS(async), .where = FOR_RUN | FOR_STEP,
         .help = "print the step's number and return; output goes to --output"),
    FLAG("multi-prog", 0, set_args_flag, .offset = ARGS(multi_prog),
         .where = FOR_RUN | FOR_STEP,
         .help = "ranks run what the file says: lines of ranks, program, arguments"),
    FLAG("external-launcher", 0, set_args_flag, .offset = ARGS(external_launcher),
         .where = FOR_RUN,
         .help = "the program starts the tasks: it may use all cores of the job"),

    /* Of run --bag. */
    VALUE("bag", 0, "FILE|-", set_args_string, .offset = ARGS(bag.file),
          .where = FOR_RUN | FOR_STEP,
          .help = "run the commands in FILE, one a line, as many at once as fit"),
    VALUE("bag-range", 0, "RANGE", set_args_string, .offset = ARGS(bag.range),
          .where = FOR_RUN | FOR_STEP,
          .help = "run the program once for each index ('0-99999'), in place of {}"),
    VALUE("bag-log", 0, "FILE", set_args_string, .offset = ARGS(bag.log),
          .where = FOR_RUN | FOR_STEP,
          .help = "record there what has ended (FILE.baglog), or none"),
    VALUE("joblog", 0, "FILE", set_args_string, .offset = ARGS(bag.log),
          .where = FOR_RUN | FOR_STEP),
    FLAG("resume", 0, set_args_flag, .offset = ARGS(bag.resume),
         .where = FOR_RUN | FOR_STEP, .help = "skip commands that succeeded before"),
    VALUE("retry", 0, "N", set_bag_retry, .where = FOR_RUN | FOR_STEP,
          .help = "run a command that fails up to N times more"),
    VALUE("retries", 0, "N", set_bag_retry, .where = FOR_RUN | FOR_STEP),
    VALUE("timeout", 0, "TIME", set_bag_timeout, .where = FOR_RUN | FOR_STEP,
          .help = "end a command after TIME (seconds, or 1h30m)"),
    VALUE("max-failures", 0, "N", set_bag_max_failures, .where = FOR_RUN | FOR_STEP,
          .help = "begin no further command after N have failed"),
    FLAG("keep-order", 0, set_args_flag, .offset = ARGS(bag.keep_order),
         .where = FOR_RUN | FOR_STEP, .help = "show output in the commands' order"),

    VALUE("jobid", 'j', "JOB", set_jobid, .where = FOR_RUN | FOR_STEP,
          .help = "run as a step of this job"),

    /* Of run and alloc. */
    MAYBE("immediate", 'I', "SECONDS", set_immediate,
          .where = FOR_RUN | FOR_ALLOC | FOR_STEP,
          .help = "give up when there is no room after SECONDS (now)"),
    FLAG("no-shell", 0, set_args_flag, .offset = ARGS(no_shell), .where = FOR_ALLOC,
         .help = "leave the allocation behind, to be cancelled"),

    VALUE("clusters", 'M', "NAME,...", set_args_string, .offset = ARGS(clusters),
          .help = "this cluster's name, or all"),
    VALUE("config", 0, "FILE", set_args_string, .offset = ARGS(config),
          .help = "the cluster's configuration"),
    FLAG("quiet", 'Q', set_args_flag, .offset = ARGS(quiet),
         .help = "say nothing but errors"),
    FLAG("verbose", 'v', set_args_flag, .offset = ARGS(verbose), .help = "say more"),
    FLAG("help", 'h', opt_show, .offset = ARGS(show), .help = "this text"),
    FLAG("usage", 0, opt_show, .offset = ARGS(show)),
    FLAG("version", 'V', opt_show, .offset = ARGS(show),
         .help = "which release this is"),

    /* Asked for, and so here in any case. */
    GRANTED(OPT_NONE, "no-bell", 0, FOR_ALLOC),
    GRANTED(OPT_OPTIONAL, "get-user-env", 0, FOR_RUN | FOR_ALLOC),
    GRANTED(OPT_NEEDED, "wait-all-nodes", 0, FOR_SUBMIT | FOR_ALLOC),
    GRANTED(OPT_NONE, "stepmgr", 0, ANY),
    GRANTED(OPT_NONE, "preserve-env", 'E', FOR_RUN | FOR_STEP),
    GRANTED(OPT_NEEDED, "threads", 'T', FOR_RUN | FOR_STEP),

    /* Harmless. */
    VALUE("mail-type", 0, "TYPES", set_mail_type, .where = ANY, .note = ""),
    HARMLESS(OPT_NEEDED, "mail-user", 0, ANY),
    HARMLESS(OPT_NEEDED, "gpu-freq", 0, ANY),
    HARMLESS(OPT_NEEDED, "gres-flags", 0, ANY),
    HARMLESS(OPT_NEEDED, "sockets-per-node", 0, ANY),
    HARMLESS(OPT_NEEDED, "cores-per-socket", 0, ANY),
    HARMLESS(OPT_NEEDED, "mincpus", 0, ANY),
    HARMLESS(OPT_NEEDED, "tmp", 0, ANY),
    HARMLESS(OPT_NONE, "use-min-nodes", 0, ANY),
    HARMLESS(OPT_NEEDED, "core-spec", 'S', ANY),
    HARMLESS(OPT_NEEDED, "thread-spec", 0, ANY),
    HARMLESS(OPT_NEEDED, "cpu-freq", 0, ANY),
    HARMLESS(OPT_OPTIONAL, "no-kill", 'k', ANY),
    HARMLESS(OPT_NEEDED, "delay-boot", 0, ANY),
    HARMLESS(OPT_NEEDED, "profile", 0, ANY),
    HARMLESS(OPT_NEEDED, "acctg-freq", 0, ANY),
    HARMLESS(OPT_NEEDED, "extra", 0, ANY),
    HARMLESS(OPT_OPTIONAL, "oom-kill-step", 0, ANY),
    HARMLESS(OPT_NEEDED, "segment", 0, ANY),
    HARMLESS(OPT_NONE, "consolidate-segments", 0, ANY),
    HARMLESS(OPT_NONE, "spread-segments", 0, ANY),
    HARMLESS(OPT_NEEDED, "mcs-label", 0, ANY),
    HARMLESS(OPT_NEEDED, "power", 0, ANY),
    HARMLESS(OPT_NONE, "disable-status", 'X', FOR_RUN | FOR_STEP),
    HARMLESS(OPT_NONE, "quit-on-interrupt", 0, FOR_RUN | FOR_STEP),
    HARMLESS(OPT_OPTIONAL, "resv-ports", 0, FOR_RUN | FOR_STEP),
    HARMLESS(OPT_NEEDED, "accel-bind", 0, FOR_RUN | FOR_STEP),
    HARMLESS(OPT_NEEDED, "bcast-exclude", 0, FOR_RUN | FOR_STEP),
    HARMLESS(OPT_OPTIONAL, "compress", 0, FOR_RUN | FOR_STEP),
    HARMLESS(OPT_OPTIONAL, "send-libs", 0, FOR_RUN | FOR_STEP),
    HARMLESS(OPT_NEEDED, "msg-timeout", 0, FOR_RUN | FOR_STEP),
    HARMLESS(OPT_NEEDED, "slurmd-debug", 0, FOR_RUN | FOR_STEP),
    HARMLESS(OPT_NONE, "bell", 0, FOR_ALLOC),
    HARMLESS(OPT_OPTIONAL, "kill-command", 'K', FOR_ALLOC),

    /* They would change what runs, or where. */
    REFUSED(OPT_NEEDED, "cluster-constraint", 0, ANY,
            "other clusters cannot be reached yet"),
    REFUSED(OPT_NEEDED, "nodefile", 'F', ANY, "use --nodelist with the names"),
    REFUSED(OPT_NEEDED, "bb", 0, ANY, "burst buffers are not supported yet"),
    REFUSED(OPT_NEEDED, "bbf", 0, ANY, "burst buffers are not supported yet"),
    REFUSED(OPT_NONE, "reboot", 0, ANY, "nodes are not rebooted for jobs"),
    REFUSED(OPT_NEEDED, "batch", 0, FOR_SUBMIT,
            "the script runs on the first node: use --constraint for all of them"),
    REFUSED(OPT_OPTIONAL, "bcast", 0, FOR_RUN | FOR_STEP,
            "copy the program with sbcast first"),
    REFUSED(OPT_NEEDED, "prolog", 0, FOR_RUN | FOR_STEP,
            "run it before srun; --task-prolog runs before each task"),
    REFUSED(OPT_NEEDED, "epilog", 0, FOR_RUN | FOR_STEP,
            "run it after srun; --task-epilog runs after each task"),
    REFUSED(OPT_NONE, "no-allocate", 'Z', FOR_RUN,
            "nothing runs on nodes that the job was not given"),
    REFUSED(OPT_OPTIONAL, "x11", 0, FOR_RUN | FOR_ALLOC | FOR_STEP,
            "X11 is not forwarded yet: ssh -X does"),
    REFUSED(OPT_NEEDED, "uid", 0, ANY, "jobs run as the user who submits them"),
    REFUSED(OPT_NEEDED, "gid", 0, ANY, "jobs run as the user who submits them"),
    REFUSED(OPT_NEEDED, "container", 0, ANY, "import the image and use --image"),
    REFUSED(OPT_NEEDED, "container-id", 0, ANY, "import the image and use --image"),
    REFUSED(OPT_NEEDED, "container-save", 0, ANY, "containers are not saved yet"),
    REFUSED(OPT_NEEDED, "het-group", 0, FOR_RUN,
            "a step is of one component of its job yet"),
    OPTS_END,
};
