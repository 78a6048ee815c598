/* SPDX-License-Identifier: Apache-2.0
 *
 * alone.c - MPI programs whose tasks do not find each other
 */
#include "shepherd/alone.h"

#include "shepherd/elf_library.h"
#include "shepherd/step.h"

#include "base/mem.h"
#include "base/strv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

void alone_remember(struct task *task, const char *program, char *const *env,
                    const char *cwd)
{
    struct step *step = task->step;
    const char *path = strv_getenv(env, "PATH");

    if (task->rank != 0 || !step->wiring)
        return;
    free(step->first_program);
    if (strchr(program, '/') || !path)
        step->first_program =
            program[0] == '/' ? xstrdup(program) : xasprintf("%s/%s", cwd, program);
    else
        step->first_program = xasprintf("%s:%s", program, path);
}

/* The first MPI library that an ELF file is linked with. */
static bool read_library(int fd, char *ret_name)
{
    struct stat st;
    void *bytes;
    bool found;

    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0)
        return false;
    bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    found = elf_linked_with(bytes, (size_t)st.st_size, "libmpi", ret_name);
    (void)munmap(bytes, (size_t)st.st_size);
    return found;
}

static int open_program(const struct step *step, char **ret_path)
{
    const char *name = step->first_program;
    cleanup(strv_freep) char **dirs = NULL;
    int fd = -1;

    if (name[0] == '/') {
        *ret_path = xstrdup(name);
        return container_open(step->box->container, name);
    }
    dirs = strv_split(name, ":");
    for (size_t i = 1; fd < 0 && i < strv_len(dirs); i++) {
        free(*ret_path);
        *ret_path = xasprintf("%s/%s", dirs[i], dirs[0]);
        fd = container_open(step->box->container, *ret_path);
    }
    return fd;
}

/* OpenMPI 4 and 5 have the 40th version of their library's interface. */
static const char *advice(const char *library, const char *mpi)
{
    bool is_openmpi = strncmp(library, "libmpi.so.4", 11) == 0;

    if (strcmp(mpi, "pmix") == 0 && !is_openmpi)
        return "did you mean --mpi=pmi2?";
    if (strcmp(mpi, "pmix") != 0 && is_openmpi)
        return "did you mean --mpi=pmix?";
    return "was its MPI built without it?";
}

static void say_alone(struct task *task, const char *path, const char *library)
{
    const char *mpi = task->step->launch->spec->mpi;
    cleanup(freep) char *words = xasprintf(
        "berth: tasks did not find each other: %s is linked with %s, but task "
        "0 did not connect to the server of --mpi=%s; %s\n",
        path, library, mpi, advice(library, mpi));

    tasks_say(task, 2, words, strlen(words));
}

void alone_check(struct task *task, int status)
{
    const struct step *step = task->step;
    bool is_one_of_many = step->n_nodes > 1 || step->own->n_ranks > 1;
    char library[ELF_SONAME_MAX];
    cleanup(freep) char *path = NULL;
    cleanup(closep) int fd = -1;

    /* What could not be loaded has had no chance. */
    if (task->rank != 0 || task->is_connected || !step->first_program ||
        !is_one_of_many || !WIFEXITED(status) || WEXITSTATUS(status) >= 126)
        return;
    fd = open_program(step, &path);
    if (fd >= 0 && read_library(fd, library))
        say_alone(task, path, library);
}
