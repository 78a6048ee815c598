/* SPDX-License-Identifier: Apache-2.0
 *
 * words.h - the fixed words of manifests, and the enums that stand for them
 *
 * Each list grows an enum (0: not said) and, in the tables of fields, its words in the
 * same order.
 */
#ifndef BERTH_OBJECTS_WORDS_H
#define BERTH_OBJECTS_WORDS_H

#define MF_RESTARTS(X)                \
    X(MF_RESTART_ALWAYS, "Always")    \
    X(MF_RESTART_FAILED, "OnFailure") \
    X(MF_RESTART_NEVER, "Never")

#define MF_PULLS(X)             \
    X(MF_PULL_ALWAYS, "Always") \
    X(MF_PULL_NEVER, "Never")   \
    X(MF_PULL_ABSENT, "IfNotPresent")

#define MF_PROTOCOLS(X) \
    X(MF_TCP, "TCP")    \
    X(MF_UDP, "UDP")    \
    X(MF_SCTP, "SCTP")

#define MF_SCHEMES(X)  \
    X(MF_HTTP, "HTTP") \
    X(MF_HTTPS, "HTTPS")

#define MF_DNS_POLICIES(X)                            \
    X(MF_DNS_CLUSTER_FIRST, "ClusterFirst")           \
    X(MF_DNS_CLUSTER_HOST, "ClusterFirstWithHostNet") \
    X(MF_DNS_DEFAULT, "Default")                      \
    X(MF_DNS_NONE, "None")

#define MF_PREEMPTIONS(X)                       \
    X(MF_PREEMPT_LOWER, "PreemptLowerPriority") \
    X(MF_PREEMPT_NEVER, "Never")

#define MF_MESSAGES(X)         \
    X(MF_MESSAGE_FILE, "File") \
    X(MF_MESSAGE_LOGS, "FallbackToLogsOnError")

#define MF_SECCOMPS(X)                      \
    X(MF_SECCOMP_DEFAULT, "RuntimeDefault") \
    X(MF_SECCOMP_UNCONFINED, "Unconfined")  \
    X(MF_SECCOMP_LOCAL, "Localhost")

#define MF_TOLERATIONS(X)         \
    X(MF_TOLERATE_EQUAL, "Equal") \
    X(MF_TOLERATE_EXISTS, "Exists")

#define MF_EFFECTS(X)                    \
    X(MF_NO_SCHEDULE, "NoSchedule")      \
    X(MF_PREFER_NOT, "PreferNoSchedule") \
    X(MF_NO_EXECUTE, "NoExecute")

#define MF_SELECTIONS(X)          \
    X(MF_SELECT_IN, "In")         \
    X(MF_SELECT_NOT_IN, "NotIn")  \
    X(MF_SELECT_EXISTS, "Exists") \
    X(MF_SELECT_ABSENT, "DoesNotExist")

/* Of nodes; the first are those of MF_SELECTIONS. */
#define MF_NODE_SELECTIONS(X)         \
    X(MF_NODE_IN, "In")               \
    X(MF_NODE_NOT_IN, "NotIn")        \
    X(MF_NODE_EXISTS, "Exists")       \
    X(MF_NODE_ABSENT, "DoesNotExist") \
    X(MF_NODE_ABOVE, "Gt")            \
    X(MF_NODE_BELOW, "Lt")

#define MF_SPREADS(X)                  \
    X(MF_SPREAD_MUST, "DoNotSchedule") \
    X(MF_SPREAD_SHOULD, "ScheduleAnyway")

#define MF_NODE_COUNTS(X)      \
    X(MF_NODES_HONOR, "Honor") \
    X(MF_NODES_IGNORE, "Ignore")

#define MF_HOST_PATHS(X)                     \
    X(MF_PATH_MAKE_DIR, "DirectoryOrCreate") \
    X(MF_PATH_DIR, "Directory")              \
    X(MF_PATH_MAKE_FILE, "FileOrCreate")     \
    X(MF_PATH_FILE, "File")                  \
    X(MF_PATH_SOCKET, "Socket")              \
    X(MF_PATH_CHAR_DEVICE, "CharDevice")     \
    X(MF_PATH_BLOCK_DEVICE, "BlockDevice")

#define MF_ACCESSES(X)                     \
    X(MF_READ_WRITE_ONCE, "ReadWriteOnce") \
    X(MF_READ_ONLY_MANY, "ReadOnlyMany")   \
    X(MF_READ_WRITE_MANY, "ReadWriteMany") \
    X(MF_READ_WRITE_POD, "ReadWriteOncePod")

#define MF_RECLAIMS(X)             \
    X(MF_RECLAIM_RETAIN, "Retain") \
    X(MF_RECLAIM_DELETE, "Delete")

#define MF_COMPLETIONS(X)            \
    X(MF_COMPLETE_ANY, "NonIndexed") \
    X(MF_COMPLETE_INDEXED, "Indexed")

#define MF_FAILURE_ACTIONS(X)     \
    X(MF_FAIL_JOB, "FailJob")     \
    X(MF_FAIL_INDEX, "FailIndex") \
    X(MF_FAIL_IGNORE, "Ignore")   \
    X(MF_FAIL_COUNT, "Count")

#define MF_EXIT_OPERATORS(X) \
    X(MF_EXIT_IN, "In")      \
    X(MF_EXIT_NOT_IN, "NotIn")

#define MF_REPLACEMENTS(X)                      \
    X(MF_REPLACE_ENDING, "TerminatingOrFailed") \
    X(MF_REPLACE_FAILED, "Failed")

#define MF_CONCURRENCIES(X)     \
    X(MF_CRON_ALLOW, "Allow")   \
    X(MF_CRON_FORBID, "Forbid") \
    X(MF_CRON_REPLACE, "Replace")

#define X(id, word) id,
enum mf_restart { MF_RESTART_UNSAID, MF_RESTARTS(X) };
enum mf_pull { MF_PULL_UNSAID, MF_PULLS(X) };
enum mf_protocol { MF_PROTOCOL_UNSAID, MF_PROTOCOLS(X) };
enum mf_scheme { MF_SCHEME_UNSAID, MF_SCHEMES(X) };
enum mf_dns_policy { MF_DNS_UNSAID, MF_DNS_POLICIES(X) };
enum mf_preemption { MF_PREEMPT_UNSAID, MF_PREEMPTIONS(X) };
enum mf_message { MF_MESSAGE_UNSAID, MF_MESSAGES(X) };
enum mf_seccomp_kind { MF_SECCOMP_UNSAID, MF_SECCOMPS(X) };
enum mf_toleration_op { MF_TOLERATE_UNSAID, MF_TOLERATIONS(X) };
enum mf_effect { MF_EFFECT_ANY, MF_EFFECTS(X) };
enum mf_selection { MF_SELECT_UNSAID, MF_SELECTIONS(X) };
enum mf_node_selection { MF_NODE_UNSAID, MF_NODE_SELECTIONS(X) };
enum mf_spread_kind { MF_SPREAD_UNSAID, MF_SPREADS(X) };
enum mf_node_count { MF_NODES_UNSAID, MF_NODE_COUNTS(X) };
enum mf_host_path { MF_PATH_ANY, MF_HOST_PATHS(X) };
enum mf_access { MF_ACCESS_UNSAID, MF_ACCESSES(X) };
enum mf_reclaim { MF_RECLAIM_UNSAID, MF_RECLAIMS(X) };
enum mf_completion { MF_COMPLETE_UNSAID, MF_COMPLETIONS(X) };
enum mf_failure_action { MF_FAIL_UNSAID, MF_FAILURE_ACTIONS(X) };
enum mf_exit_operator { MF_EXIT_UNSAID, MF_EXIT_OPERATORS(X) };
enum mf_replacement { MF_REPLACE_UNSAID, MF_REPLACEMENTS(X) };
enum mf_concurrency { MF_CRON_UNSAID, MF_CONCURRENCIES(X) };
#undef X

#endif
