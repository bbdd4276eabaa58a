"""A FIX dictionary: which fields, messages and groups there are, read from a file in QuickFIX's form."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

MOST_BYTES = 1 << 26
_FRAMING = frozenset({8, 9, 35, 10})
"""Tags that the codec has checked before a dictionary is asked."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field's name, its type as the dictionary spells it, and its values where they are enumerated."""

    tag: int
    name: str
    type: str
    values: frozenset[bytes] | None


@dataclass(slots=True)
class Block:
    """A message's body, a header, a trailer, or one entry of a group: what may and what must be in it."""

    tags: set[int] = field(default_factory=set)
    required: list[int] = field(default_factory=list)
    groups: dict[int, Block] = field(default_factory=dict)
    """By the tag of the count."""
    first: int = 0
    """Of a group's entry: the tag that begins it."""

    def add(self, tag: int, required: bool) -> None:
        self.first = self.first or tag
        self.tags.add(tag)
        if required and tag not in self.required and tag not in _FRAMING:
            self.required.append(tag)
            self.required.sort()


@dataclass(frozen=True, slots=True, eq=False)
class Dictionary:
    """One version of FIX. data_fields: the data field's tag by its length field's."""

    begin: bytes
    fields: dict[int, Field]
    header: Block
    trailer: Block
    messages: dict[bytes, Block]
    admin: frozenset[bytes]
    data_fields: dict[int, int]

    def allows(self, tag: int, value: bytes) -> bool:
        """Whether that version has the field and, where its values are enumerated, the value."""
        found = self.fields.get(tag)
        return found is not None and (found.values is None or value in found.values)


@cache
def load(path: Path) -> Dictionary:
    """A dictionary's file, gzipped or not. ValueError: it is none, and where; OSError."""
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    if len(raw) > MOST_BYTES or b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise ValueError(f"{path}: not a dictionary of FIX: too large, or with entities of its own")
    try:
        return _Reader(ElementTree.fromstring(raw)).dictionary()
    except ElementTree.ParseError as wrong:
        raise ValueError(f"{path}: not XML: {wrong}") from wrong
    except (KeyError, AttributeError, TypeError, ValueError) as wrong:
        raise ValueError(f"{path}: not a dictionary in QuickFIX's form: {wrong}") from wrong


class _Reader:
    """Names become tags, components what they stand for."""

    def __init__(self, root: ElementTree.Element) -> None:
        self.root = root
        rows = [_field(each) for each in _part(root, "fields")]
        self.by_name = {each.name: each for each in rows}
        self.components = {each.attrib["name"]: each for each in root.findall("components/component")}

    def dictionary(self) -> Dictionary:
        at = self.root.attrib
        messages = {each.attrib["msgtype"].encode(): each for each in _part(self.root, "messages")}
        return Dictionary(
            begin=f"{at.get('type', 'FIX')}.{at['major']}.{at['minor']}".encode(),
            fields={each.tag: each for each in self.by_name.values()},
            header=self._block(_part(self.root, "header")),
            trailer=self._block(_part(self.root, "trailer")),
            messages={name: self._block(each) for name, each in messages.items()},
            admin=frozenset(name for name, each in messages.items() if each.attrib.get("msgcat") == "admin"),
            data_fields=dict(self._data_fields()),
        )

    def _block(self, element: ElementTree.Element) -> Block:
        block = Block()
        self._fill(block, element, True)
        return block

    def _fill(self, block: Block, element: ElementTree.Element, outer: bool) -> None:
        """outer: False in a component that may be left out: what it requires is required of nobody."""
        for each in element:
            required = outer and each.attrib.get("required") == "Y"
            name = each.attrib["name"]
            if each.tag == "component":
                self._fill(block, self.components[name], required)
                continue
            tag = self._named(name).tag
            block.add(tag, required)
            if each.tag == "group":
                block.groups[tag] = self._block(each)

    def _named(self, name: str) -> Field:
        found = self.by_name.get(name)
        if found is None:
            raise ValueError(f"{name} is used, but isn't among its fields")
        return found

    def _data_fields(self) -> Iterator[tuple[int, int]]:
        for name, found in self.by_name.items():
            if found.type in ("DATA", "XMLDATA"):
                length = self.by_name.get(f"{name}Len") or self.by_name.get(f"{name}Length")
                if length is not None:
                    yield length.tag, found.tag


def _part(root: ElementTree.Element, name: str) -> ElementTree.Element:
    found = root.find(name)
    if found is None:
        raise ValueError(f"it has no <{name}>")
    return found


def _field(element: ElementTree.Element) -> Field:
    values = frozenset(each.attrib["enum"].encode() for each in element.findall("value"))
    at = element.attrib
    return Field(int(at["number"]), at["name"], at["type"], values or None)
