# SPDX-License-Identifier: Apache-2.0
# packages.sh - install what is missing of a list of Debian packages
#
# Sourced by quickstart and check. need_packages NAME... asks dpkg first, so that
# an ordinary user whose administrator has installed everything needs no rights.

BUILD_PACKAGES="autoconf automake libtool make gcc libc6-dev pkg-config
    libuv1-dev libprotobuf-c-dev protobuf-c-compiler libsodium-dev libmunge-dev munge
    libyaml-dev libsqlite3-dev libhwloc-dev libpmix-dev libjansson-dev libarchive-dev
    libcap-dev libseccomp-dev libnl-3-dev libnl-route-3-dev libcurl4-openssl-dev libsquashfuse-dev zlib1g-dev libisal-dev libbsd-dev uthash-dev iproute2 python3"

missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
            grep -qx installed || echo "$package"
    done
}

need_packages() {
    # The names hold no spaces.
    # shellcheck disable=SC2046,SC2048,SC2086
    set -- $(missing_packages $*)
    [ $# -gt 0 ] || return 0
    echo "installing: $*"
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        sudo=sudo
        if ! command -v sudo >/dev/null; then
            echo "these packages are missing, and only root can install them:" >&2
            echo "    apt-get install $*" >&2
            return 1
        fi
    fi
    export DEBIAN_FRONTEND=noninteractive
    $sudo apt-get update -qq &&
        $sudo env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
