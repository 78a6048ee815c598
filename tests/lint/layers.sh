#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Read every include of src/ and plugins/ and name those that point up.
# The layers are those of doc/design.md.
cd "${srcdir:-$(dirname "$0")/../..}" || exit 99
awk '
BEGIN {
    allow["base"] = ""
    allow["config"] = "base"
    allow["wire"] = "base"
    allow["topo"] = "base"
    allow["sched"] = "topo base"
    allow["state"] = "sched topo wire base"
    allow["controller"] = "state sched topo wire config base"
    allow["node"] = "wire topo config base"
    allow["container"] = "base"
    allow["image"] = "base"
    allow["mpi"] = "base"
    allow["shepherd"] = "container image mpi wire topo config base"
    allow["client"] = "wire config base"
    allow["cluster"] = "client wire config base"
    allow["cli"] = "cluster client image config base"
}
/^#include "/ {
    split($2, q, "\""); n = split(q[2], inc, "/")
    m = split(FILENAME, path, "/")
    if (path[1] == "plugins") {
        if (n == 1 || inc[1] == "berth") next
        print FILENAME ":" FNR ": a plugin includes " q[2]; bad = 1; next
    }
    own = path[2]
    if (n != 2) next
    if (inc[1] == own) next
    if (!(own in allow)) { print FILENAME ": folder " own " has no layer"; bad = 1; next }
    if (index(" " allow[own] " ", " " inc[1] " ") == 0) {
        print FILENAME ":" FNR ": " own " may not include " q[2]; bad = 1
    }
}
END { exit bad }
' $(find src plugins -name '*.[ch]' ! -path 'src/include/*' | sort)
