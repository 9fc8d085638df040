# SPDX-License-Identifier: GPL-2.0-only
"""The wiring of a bank in a devicetree: the pin of each of its lines and channels."""

import pathlib
import struct
from dataclasses import dataclass

from bms.errors import LabError

BEGIN_NODE, END_NODE, PROPERTY, NOP, END = 1, 2, 3, 4, 9


@dataclass(frozen=True)
class Pin:
    """A pin of a chip."""

    chip: str           # the path of its node
    number: int
    flags: int = 0      # those of a GPIO


def nodes(blob):
    """{path: {property: bytes}} of a compiled devicetree."""
    begin, strings = struct.unpack(">II", blob[8:16])
    found, path, at = {}, [], begin

    def text(start):
        return blob[start:blob.index(b"\0", start)].decode()

    while True:
        token, = struct.unpack(">I", blob[at:at + 4])
        at += 4
        if token == BEGIN_NODE:
            name = text(at)
            path.append(name)
            found["/".join(path) or "/"] = {}
            at += (len(name) + 4) & ~3
        elif token == END_NODE:
            path.pop()
        elif token == PROPERTY:
            length, name = struct.unpack(">II", blob[at:at + 8])
            found["/".join(path) or "/"][text(strings + name)] = blob[at + 8:at + 8 + length]
            at += 8 + ((length + 3) & ~3)
        elif token == END:
            return found
        elif token != NOP:
            raise LabError(f"not a compiled devicetree: token {token} at byte {at - 4}")


def cells(value):
    return struct.unpack(f">{len(value) // 4}I", value)


def words(value):
    return value.rstrip(b"\0").decode().split("\0")


class Wiring:
    """The bank of a compiled devicetree."""

    def __init__(self, path):
        self.nodes = nodes(pathlib.Path(path).read_bytes())
        self.paths = {cells(props["phandle"])[0]: path for path, props in self.nodes.items()
                      if "phandle" in props}
        self.bank = next((props for props in self.nodes.values()
                          if b"gpio-bms\0" in props.get("compatible", b"")), None)
        if self.bank is None:
            raise LabError(f"{path}: no node is a bank (compatible = \"gpio-bms\")")

    def kind(self, path):
        """The first "compatible" of a node."""
        return words(self.nodes[path]["compatible"])[0]

    def references(self, value, count):
        """(path, arguments) of each reference in a list of them."""
        left = list(cells(value))
        while left:
            path = self.paths[left.pop(0)]
            number = cells(self.nodes[path][count])[0]
            yield path, left[:number]
            del left[:number]

    def line(self, name):
        """The pin of NAME-gpios, or None."""
        value = self.bank.get(f"{name}-gpios")
        if value is None:
            return None
        (path, (number, flags)), = self.references(value, "#gpio-cells")
        return Pin(path, number, flags)

    def channels(self):
        """{name: pin of the converter behind the front ends}"""
        if "io-channels" not in self.bank:
            return {}
        found = {}
        for name, (path, arguments) in zip(words(self.bank["io-channel-names"]), self.references(
                self.bank["io-channels"], "#io-channel-cells")):
            while "io-channels" in self.nodes[path]:
                (path, arguments), = self.references(self.nodes[path]["io-channels"],
                                                     "#io-channel-cells")
            found[name] = Pin(path, arguments[0])
        return found
