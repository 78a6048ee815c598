# SPDX-License-Identifier: Apache-2.0
"""A writer of SIF files, from the published layout (pkg/sif of apptainer/sif)."""
import platform
import struct

DEFFILE, LABELS, PARTITION = 0x4001, 0x4003, 0x4004
SQUASHFS, PRIMARY = 1, 2
ARCH = {"x86_64": b"02", "aarch64": b"04", "ppc64le": b"06", "s390x": b"11"}
DESCRIPTORS, DESCRIPTORS_AT, DATA_AT = 48, 4096, 32768


def descriptor(kind, number, offset, data, extra=b""):
    return struct.pack("<i?IIIqqqqqqq128s384s", kind, True, number, 0xf0000001, 0, offset,
                       len(data), len(data), 0, 0, 0, 0, b"part", extra)


def write_sif(path, squashfs, deffile=b"", labels=b"{}", arch=None, kind=SQUASHFS):
    """The root file system in 'squashfs' with its texts; returns the path."""
    arch = arch or ARCH[platform.machine()]
    parts = [(DEFFILE, deffile, b""), (LABELS, labels, b""),
             (PARTITION, squashfs, struct.pack("<ii3s", kind, PRIMARY, arch))]
    descriptors, data = b"", b""
    for number, (type_, content, extra) in enumerate(parts, 1):
        data += b"\0" * (-len(data) % 4096)
        descriptors += descriptor(type_, number, DATA_AT + len(data), content, extra)
        data += content
    header = struct.pack("<32s10s3s3s16sqqqqqqqq", b"#!/usr/bin/env run-singularity\n",
                         b"SIF_MAGIC", b"01", arch, b"\1" * 16, 0, 0,
                         DESCRIPTORS - len(parts), DESCRIPTORS, DESCRIPTORS_AT,
                         DESCRIPTORS * 585, DATA_AT, len(data))
    head = header.ljust(DESCRIPTORS_AT, b"\0") + descriptors
    path.write_bytes(head.ljust(DATA_AT, b"\0") + data)
    return path
