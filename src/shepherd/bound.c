/* SPDX-License-Identifier: Apache-2.0
 *
 * bound.c - telling what the tasks of a step are bound to here
 *
 * In Slurm's words, as there are programs that read them. The node has worked it out;
 * where its cores are pretended, these are shown.
 */
#include "shepherd/bound.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "spec/bind_spec.h"

#include <stdio.h>
#include <stdlib.h>

static char *mask_of(const char *list)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;

    if (!list[0] || bitset_parse(list, BIND_BITS, &set, NULL))
        return xstrdup("0x0");
    return bind_mask_format(set);
}

/* "0x1,0x2" */
static char *masks_of(char *const *lists, size_t n)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *mask = mask_of(lists[i]);

        strbuf_printf(&sb, "%s%s", i ? "," : "", mask);
    }
    return strbuf_take(&sb);
}

/* ------------------------------------------------------------------ variables */

static void set_variables(char ***env, const char *prefix, const char *type,
                          const char *list, bool is_verbose)
{
    const char *verbose = is_verbose ? "verbose" : "quiet";
    cleanup(freep) char *all = xasprintf("%s,%s%s", verbose, type, list);
    const struct {
        const char *suffix, *value;
    } rows[] = {{"", all}, {"_TYPE", type}, {"_LIST", list}, {"_VERBOSE", verbose}};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char name[64];

        (void)snprintf(name, sizeof(name), "%s%s", prefix, rows[i].suffix);
        strv_setenv(env, name, rows[i].value);
    }
}

void bound_env(char ***env, const struct step *step)
{
    const Berth__Assignment *assignment = step->sh->assignment;
    const Berth__StepSpec *spec = step->launch->spec;
    cleanup(bind_spec_fini) struct bind_spec cpu = {.kind = BIND_TO_OWN};
    cleanup(bind_spec_fini) struct bind_spec memory = {.kind = BIND_TO_OWN};
    cleanup(freep) char *masks = NULL;

    (void)cpu_bind_parse(spec->cpu_bind, &cpu, NULL);
    (void)mem_bind_parse(spec->mem_bind, &memory, NULL);
    if (cpu.kind == BIND_TO_NONE) {
        set_variables(env, "SLURM_CPU_BIND", "none", "", cpu.is_verbose);
    } else if (assignment->n_task_shown) {
        masks = masks_of(assignment->task_shown, assignment->n_task_shown);
        set_variables(env, "SLURM_CPU_BIND", "mask_cpu:", masks, cpu.is_verbose);
    }
    if (assignment->n_task_memory) {
        cleanup(freep) char *nodes =
            masks_of(assignment->task_memory, assignment->n_task_memory);

        set_variables(env, "SLURM_MEM_BIND", "mask_mem:", nodes, memory.is_verbose);
    }
}

/* -------------------------------------------------------------------- notice */

static const char *cpu_units(enum bind_kind kind)
{
    return kind == BIND_TO_SOCKETS   ? "-sockets"
           : kind == BIND_TO_CORES   ? "-cores"
           : kind == BIND_TO_THREADS ? "-threads"
           : kind == BIND_TO_LDOMS   ? "-ldoms"
           : kind == BIND_TO_BOARDS  ? "-boards"
                                     : "";
}

static const char *cpu_type(enum bind_kind kind)
{
    return kind == BIND_TO_NONE        ? "NONE"
           : kind == BIND_TO_RANK      ? "RANK"
           : kind == BIND_TO_MAP       ? "MAP "
           : kind == BIND_TO_RANK_LDOM ? "LDRANK"
           : kind == BIND_TO_MAP_LDOM  ? "LDMAP "
           : kind == BIND_TO_MASK_LDOM ? "LDMASK"
                                       : "MASK";
}

static const char *memory_type(enum bind_kind kind)
{
    return kind == BIND_TO_NONE   ? "NONE"
           : kind == BIND_TO_RANK ? "RANK"
           : kind == BIND_TO_MAP  ? "MAP "
           : kind == BIND_TO_MASK ? "MASK"
                                  : "LOC ";
}

static void add_line(struct strbuf *sb, const struct task *task, const char *what,
                     const char *units, const char *type, const char *list, bool is_set)
{
    cleanup(freep) char *mask = mask_of(list);

    strbuf_printf(sb, "%s%s=%s - %s, task %2u %2u [@]: mask %s%s\n", what, units, type,
                  task->step->own->node, task->rank, task->local, mask,
                  is_set ? " set" : "");
}

char *bound_notice(const struct task *task)
{
    const Berth__Assignment *assignment = task->step->sh->assignment;
    const Berth__StepSpec *spec = task->step->launch->spec;
    cleanup(bind_spec_fini) struct bind_spec cpu = {.kind = BIND_TO_OWN};
    cleanup(bind_spec_fini) struct bind_spec memory = {.kind = BIND_TO_OWN};
    cleanup(bind_spec_fini) struct bind_spec gpu = {.kind = BIND_TO_OWN};
    struct strbuf sb = STRBUF_INIT;

    (void)cpu_bind_parse(spec->cpu_bind, &cpu, NULL);
    (void)mem_bind_parse(spec->mem_bind, &memory, NULL);
    (void)gpu_bind_parse(spec->gpu_bind, &gpu, NULL);
    if (cpu.is_verbose && task->local < assignment->n_task_shown)
        add_line(&sb, task, "cpu-bind", cpu_units(cpu.kind), cpu_type(cpu.kind),
                 assignment->task_shown[task->local], cpu.kind != BIND_TO_NONE);
    if (memory.is_verbose)
        add_line(&sb, task, "mem-bind", "", memory_type(memory.kind),
                 task->local < assignment->n_task_memory
                     ? assignment->task_memory[task->local]
                     : "",
                 assignment->n_task_memory > 0);
    if (gpu.is_verbose && task->local < assignment->n_task_gpus)
        add_line(&sb, task, "gpu-bind", "", "GRES", assignment->task_gpus[task->local],
                 true);
    return sb.len ? strbuf_take(&sb) : NULL;
}

void bound_tell(struct step *step)
{
    const Berth__Assignment *assignment = step->sh->assignment;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TasksBound msg = BERTH__TASKS_BOUND__INIT;

    if (assignment->n_task_shown == 0)
        return;
    msg.index = step->launch->index;
    msg.pus = assignment->task_shown;
    msg.n_pus = assignment->n_task_shown;
    env.body_case = BERTH__ENVELOPE__BODY_TASKS_BOUND;
    env.tasks_bound = &msg;
    branch_up(step, &env);
}
