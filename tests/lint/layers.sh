#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Read every include of src/ and plugins/ and name those that point up. The layers
# are the list after the line "Layers:" of doc/design/01-architecture.md.
cd "${srcdir:-$(dirname "$0")/../..}" || exit 99
find src plugins -name '*.[ch]' ! -path 'src/include/*' | sort |
    xargs awk '
function folder(file,    path) {
    split(file, path, "/")
    return path[1] == "plugins" ? "plugins" : path[2]
}
FILENAME ~ /\.md$/ {
    if (/^Layers:/) listed = 1
    else if (listed && /^```/) listed++
    else if (listed == 2 && split($0, side, ": ") == 2) {
        n = split(side[1], left, ", ")
        for (i = 1; i <= n; i++) allow[left[i]] = " " side[2] " "
    }
    next
}
!/^#include "/ { next }
{
    own = folder(FILENAME)
    split($2, quoted, "\"")
    if (split(quoted[2], inc, "/") < 2 || inc[1] == own) next
    if (index(allow[own], " " inc[1] " ")) next
    print FILENAME ":" FNR ": " own " may not include " quoted[2]
    bad = 1
}
END { exit bad }
' doc/design/01-architecture.md
