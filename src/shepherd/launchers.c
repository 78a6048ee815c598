/* SPDX-License-Identifier: Apache-2.0
 *
 * launchers.c - agent and host file for OpenMPI's launchers
 */
#include "shepherd/launchers.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "shepherd/job_file.h"
#include "shepherd/mounts.h"

#include <string.h>

/* The host file of a job: "NODE slots=N" for each. Heap. */
static char *host_file(const Berth__Placement *placement)
{
    struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < placement->n_shares; i++)
        strbuf_printf(&text, "%s slots=%u\n", placement->shares[i]->node,
                      placement->shares[i]->tasks);
    return text.s;
}

static void set_default(char ***env, const char *name, const char *value)
{
    if (!strv_getenv(*env, name))
        strv_setenv(env, name, value);
}

/* OpenMPI 4 and 5. All daemons are started from here: nowhere else is a lead to ask. */
static void set_all(char ***env, const char *agent, const char *hosts)
{
    set_default(env, "OMPI_MCA_plm_rsh_agent", agent);
    set_default(env, "OMPI_MCA_plm_rsh_no_tree_spawn", "1");
    set_default(env, "OMPI_MCA_orte_default_hostfile", hosts);
    set_default(env, "PRTE_MCA_plm_ssh_agent", agent);
    set_default(env, "PRTE_MCA_plm_ssh_no_tree_spawn", "1");
    set_default(env, "PRTE_MCA_prte_default_hostfile", hosts);
}

void launchers_env(const struct shepherd *sh, const struct box *box, char ***env)
{
    const char *dir = box->image ? MOUNTS_TOOLS_INSIDE : box_tools_dir();
    cleanup(freep) char *agent = xasprintf("%s/berth-rsh", dir);
    cleanup(freep) char *file = xasprintf("%s/hostfile", sh->dir);
    cleanup(freep) char *text = NULL;

    if (sh->assignment->node_index != 0)
        return;
    if (!job_file_is_there(file)) {
        text = host_file(sh->grant->placement);
        if (!text || job_file_write_once(file, text, NULL))
            return;
    }
    set_all(env, agent, file);
}
