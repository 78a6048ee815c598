#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every C file is as clang-format leaves it. Versions differ in what they leave, so
# only the one that the tree was formatted with is asked.
cd "${srcdir:-$(dirname "$0")/../..}" || exit 99
clang-format --version 2>/dev/null | grep -q 'version 14\.' ||
    { echo "no clang-format 14"; exit 77; }
find src plugins tests -name '*.[ch]' ! -name '*.pb-c.[ch]' | sort |
    xargs clang-format --dry-run -Werror
