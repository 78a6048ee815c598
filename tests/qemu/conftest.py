# SPDX-License-Identifier: Apache-2.0
"""The virtual machine of a test, with what it is made of."""
import os
import pathlib

import pytest

import machine


class Machine:
    """One that is not booted yet: its files, and the packages that they come from."""

    def __init__(self, scratch, names):
        build = os.environ.get("BERTH_BUILD_DIR")
        cache = pathlib.Path(build).resolve() / "qemu" if build else scratch
        machine.check_possible()
        self.scratch = scratch
        self.kernel = machine.kernel_image(cache)
        self.packages = {name: machine.unpacked(name, cache) for name in names}
        self.files = machine.berth_files(self.packages)

    def boot(self, options=None):
        """What its console said, of which the last line is that all was done."""
        text = machine.boot(self.kernel, self.files, self.scratch, options)
        assert "@end done" in text, text[-6000:]
        return text

    def cases(self, options=None):
        """What each case wrote, by its name; all of it is that of ""."""
        text = self.boot(options)
        found = {"": text}
        for part in text.split("@case ")[1:]:
            name, _, rest = part.partition("\n")
            found[name.strip()] = rest.partition("@end")[0].replace("\r", "")
        print(text[text.index("@case"):])
        return found


@pytest.fixture(scope="module")
def make_machine(tmp_path_factory):
    """A machine with these packages beside a shell; tests that cannot have one skip."""
    def make(*packages):
        try:
            return Machine(tmp_path_factory.mktemp("qemu"), ["busybox-static", *packages])
        except machine.Unavailable as reason:
            pytest.skip(str(reason))
    return make
