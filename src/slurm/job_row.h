/* SPDX-License-Identifier: Apache-2.0
 *
 * job_row.h - a job as Slurm's commands speak of it
 *
 * One place for what has another name, or another shape, there: ids of elements,
 * reasons, what is counted. Pure.
 */
#ifndef BERTH_SLURM_JOB_ROW_H
#define BERTH_SLURM_JOB_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "slurm/fields.h"
#include "spec/array_spec.h"
#include "wire/messages.pb-c.h"

struct job_row {
    const Berth__JobInfo *info; /* its record and spec are never NULL below */
    const Berth__JobRecord *record;
    const Berth__JobSpec *spec;
    uint32_t task; /* an element that has not begun, by itself; ARRAY_NONE: no */
    int64_t now;
    int64_t start;       /* expected, of a job that waits; 0: not known */
    const char *cluster; /* its name */
    bool is_plain;       /* sizes stay in their unit: --noconvert */
};

/* What fields need beyond what every list has. */
enum {
    JOB_NEEDS_SPEC = 1, /* JobQuery.with_wishes: all that was asked for */
};

/* 'info' is borrowed. */
struct job_row job_row_of(const Berth__JobInfo *info, int64_t now, const char *cluster);

/* An array whose elements stand for themselves is no job in Slurm: false. */
bool job_row_is_job(const struct job_row *row);

/* It stands for elements of an array that have not begun, or never will: their
 * indexes, "4-20:2%2". NULL: it does not. */
const char *job_row_indexes(const struct job_row *row);
bool job_row_is_array(const struct job_row *row);

/* "12", "12_3", "12_[4-20:2%2]", "12+1". */
void job_row_put_id(const struct job_row *row, struct strbuf *out);
/* Why it waits or how it failed: "Resources", "NonZeroExitCode", "None". */
const char *job_row_reason(const struct job_row *row);
/* Where it runs; in parentheses why it waits or has failed. */
void job_row_put_nodes_or_reason(const struct job_row *row, struct strbuf *out);

/* Slurm's are from 1 on, and 0 is what is held. */
int64_t job_row_priority(const struct job_row *row);

bool job_row_is_pending(const struct job_row *row);
/* Seconds that it has run, without those that it was suspended. */
int64_t job_row_elapsed(const struct job_row *row);
/* The end, or when its limit ends it; 0: not known. */
int64_t job_row_end(const struct job_row *row);
uint32_t job_row_nodes(const struct job_row *row);
uint32_t job_row_tasks(const struct job_row *row);
/* MiB, of each node or each core. */
uint64_t job_row_memory(const struct job_row *row, bool *ret_is_per_cpu);
/* "cpu=4,mem=2G,node=1,billing=4". */
void job_row_put_tres(const struct job_row *row, struct strbuf *out);
/* "gres/gpu:2", or nothing. */
void job_row_put_tres_per_node(const struct job_row *row, struct strbuf *out);
/* The script's path; nothing for --wrap, a script on stdin or an allocation. */
void job_row_put_command(const struct job_row *row, struct strbuf *out);
/* The files it writes, with %j and its like replaced where Slurm does. */
void job_row_put_output(const struct job_row *row, struct strbuf *out);
void job_row_put_error(const struct job_row *row, struct strbuf *out);
/* "NO" "OK" "USER" "YES". */
const char *job_row_sharing(const struct job_row *row);
/* Names of accounts and groups on this machine, or their numbers. */
const char *group_name(uint32_t gid);

/* Fields by squeue's letters and long names; rows are struct job_row. */
extern const struct field_table job_fields;

#endif
