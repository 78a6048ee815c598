#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No script of ours gets a warning from shellcheck.
cd "${srcdir:-$(dirname "$0")/../..}" || exit 99
command -v shellcheck >/dev/null || { echo "no shellcheck"; exit 77; }
scripts=$(grep -rlIE '^#!/bin/(ba)?sh' autogen.sh contrib tests | sort)
# shellcheck disable=SC2086
shellcheck -x -S warning $scripts
