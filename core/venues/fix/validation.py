"""Whether a message is one of its dictionary: structure, fields, values, groups.

What is wrong first is told, in this order: fields out of their part, message type, required fields, then
field by field in the order of tags, header before body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from core.venues.fix.codec import Message, parse_utc_timestamp
from core.venues.fix.dictionary import Block, Dictionary, Field

type Fields = Sequence[tuple[int, bytes]]
FIRST_USER_TAG = 5000


class Reason(IntEnum):
    """SessionRejectReason (373)."""

    INVALID_TAG = 0
    REQUIRED_TAG_MISSING = 1
    TAG_NOT_DEFINED = 2
    NO_VALUE = 4
    VALUE_INCORRECT = 5
    BAD_FORMAT = 6
    COMP_ID = 9
    SENDING_TIME = 10
    INVALID_MSG_TYPE = 11
    TAG_REPEATED = 13
    OUT_OF_ORDER = 14
    GROUP_OUT_OF_ORDER = 15
    GROUP_COUNT = 16


TEXTS = {
    Reason.INVALID_TAG: "Invalid tag number",
    Reason.REQUIRED_TAG_MISSING: "Required tag missing",
    Reason.TAG_NOT_DEFINED: "Tag not defined for this message type",
    Reason.NO_VALUE: "Tag specified without a value",
    Reason.VALUE_INCORRECT: "Value is incorrect (out of range) for this tag",
    Reason.BAD_FORMAT: "Incorrect data format for value",
    Reason.COMP_ID: "CompID problem",
    Reason.SENDING_TIME: "SendingTime accuracy problem",
    Reason.INVALID_MSG_TYPE: "Invalid MsgType",
    Reason.TAG_REPEATED: "Tag appears more than once",
    Reason.OUT_OF_ORDER: "Tag specified out of required order",
    Reason.GROUP_OUT_OF_ORDER: "Repeating group fields out of order",
    Reason.GROUP_COUNT: "Incorrect NumInGroup count for repeating group",
}


class Problem(NamedTuple):
    """What is wrong with which tag; None: with none alone."""

    reason: Reason
    tag: int | None = None


class Invalid(ValueError):
    """A message that isn't one of its dictionary."""

    def __init__(self, reason: Reason, tag: int | None = None) -> None:
        super().__init__(f"{TEXTS[reason]}: {tag}")
        self.problem = Problem(reason, tag)


def check(message: Message, dictionary: Dictionary, user_fields: bool = False) -> Problem | None:
    """None: it is well. user_fields: tags from 5000 on that the dictionary hasn't are let pass."""
    if _is_plainly_well(message, dictionary):
        return None
    try:
        header, body = _parts(message.fields[1:], dictionary)
        block = dictionary.messages.get(message.msg_type)
        if block is None:
            return Problem(Reason.INVALID_MSG_TYPE)
        checker = _Checker(dictionary, user_fields)
        header_rows = checker.rows(header, dictionary.header, dictionary.header)
        body_rows = checker.rows(body, block, block)
        _require(header, dictionary.header)
        _require(body, block)
        checker.values(header_rows, dictionary.header)
        checker.values(body_rows, block)
    except Invalid as wrong:
        return wrong.problem
    return None


def missing(message: Message, tags: Sequence[int]) -> int:
    """The first of the tags that the message hasn't; 0: it has all."""
    return next((tag for tag in tags if message.get(tag) is None), 0)


def _parts(fields: Fields, dictionary: Dictionary) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
    """(header, body); the trailer's fields go with the body's end."""
    header_tags, trailer_tags = _plain(dictionary).header, dictionary.trailer.tags
    at, size = 0, len(fields)
    while at < size and fields[at][0] in header_tags:
        at += 1
    end = at
    while end < size and fields[end][0] not in trailer_tags:
        if fields[end][0] in dictionary.header.tags:
            raise Invalid(Reason.OUT_OF_ORDER, fields[end][0])
        end += 1
    for tag, _ in fields[end:]:
        if tag not in trailer_tags:
            raise Invalid(Reason.OUT_OF_ORDER, tag)
    return list(fields[:at]), list(fields[at:])


def _require(fields: Fields, block: Block) -> None:
    if block.required:
        tags = {tag for tag, _ in fields}
        for tag in block.required:
            if tag not in tags:
                raise Invalid(Reason.REQUIRED_TAG_MISSING, tag)


class _Plain(NamedTuple):
    """What most messages can be held against in one pass. header: its tags, with those in its groups."""

    header: frozenset[int]
    fields: dict[int, Callable[[bytes], bool]]
    """Of each field, whether a value may stand there; counts of groups aren't among them."""


@cache
def _plain(dictionary: Dictionary) -> _Plain:
    hops = {tag for group in dictionary.header.groups.values() for tag in group.tags}
    groups = {tag for tag, field in dictionary.fields.items() if field.type == "NUMINGROUP"}
    for block in (dictionary.header, *dictionary.messages.values()):
        groups.update(block.groups)
    fields = {tag: _may(field) for tag, field in dictionary.fields.items() if tag not in groups}
    return _Plain(frozenset(dictionary.header.tags | hops), fields)


def _may(field: Field) -> Callable[[bytes], bool]:
    form, values = _FORMS.get(field.type), field.values
    if values is None:
        return form or bool
    if field.type in _LISTS:
        return lambda value: _is_listed(field, value)
    if form is None or all(form(value) for value in values):
        return values.__contains__
    return lambda value: form(value) and value in values


def _is_plainly_well(message: Message, dictionary: Dictionary) -> bool:
    """True: it has no groups and nothing is wrong. False says nothing: the long way finds out."""
    plain, block = _plain(dictionary), dictionary.messages.get(message.msg_type)
    if block is None:
        return False
    header_tags, tags, fields, seen = dictionary.header.tags, dictionary.header.tags, plain.fields, set()
    for tag, value in message.fields[1:]:
        if tag not in tags:
            if tags is not header_tags:
                return False
            tags = block.tags
            if tag not in tags:
                return False
        may = fields.get(tag)
        if may is None or tag in seen or not may(value):
            return False
        seen.add(tag)
    return seen.issuperset(dictionary.header.required) and seen.issuperset(block.required)


class _Row(NamedTuple):
    """A field, or a group by its count with its entries."""

    tag: int
    value: bytes
    entries: list[list[_Row]] | None = None
    inner: Block | None = None


class _Checker:
    def __init__(self, dictionary: Dictionary, user_fields: bool) -> None:
        self.dictionary = dictionary
        self.user_fields = user_fields

    def rows(self, fields: Fields, block: Block, outer: Block) -> list[_Row]:
        """Fields, with those of a group together under its count."""
        out: list[_Row] = []
        at = 0
        while at < len(fields):
            tag, value = fields[at]
            at += 1
            group = block.groups.get(tag)
            if group is None:
                out.append(_Row(tag, value))
                continue
            entries: list[list[_Row]] = []
            end = self._group_end(fields, at, group)
            for begin, after in _entries(fields, at, end, group.first):
                entries.append(self.rows(fields[begin:after], group, outer))
            out.append(_Row(tag, value, entries, group))
            at = end
        return out

    def _group_end(self, fields: Fields, at: int, group: Block) -> int:
        tags = _all_tags(group)
        while at < len(fields) and fields[at][0] in tags:
            at += 1
        return at

    def values(self, rows: list[_Row], block: Block) -> None:
        """Field by field, in the order of tags."""
        last = None
        for row in sorted(rows, key=lambda row: row.tag):
            if row.tag == last:
                raise Invalid(Reason.TAG_REPEATED, row.tag)
            last = row.tag
            self._value(row.tag, row.value)
            if self.user_fields and row.tag >= FIRST_USER_TAG and row.tag not in self.dictionary.fields:
                continue
            if row.tag not in self.dictionary.fields:
                raise Invalid(Reason.INVALID_TAG, row.tag)
            if row.tag not in block.tags and row.tag not in self.dictionary.trailer.tags:
                raise Invalid(Reason.TAG_NOT_DEFINED, row.tag)
            if row.entries is not None:
                self._group(row)

    def _group(self, row: _Row) -> None:
        assert row.entries is not None
        assert row.inner is not None
        if int(row.value) != len(row.entries):
            raise Invalid(Reason.GROUP_COUNT, row.tag)
        for entry in row.entries:
            if entry[0].tag != row.inner.first:
                raise Invalid(Reason.GROUP_OUT_OF_ORDER, row.tag)
            _require([(each.tag, each.value) for each in entry], row.inner)
            self.values(entry, row.inner)

    def _value(self, tag: int, value: bytes) -> None:
        if not value:
            raise Invalid(Reason.NO_VALUE, tag)
        found = self.dictionary.fields.get(tag)
        if found is None:
            return
        if not _has_form(found, value):
            raise Invalid(Reason.BAD_FORMAT, tag)
        if found.values is not None and not _is_listed(found, value):
            raise Invalid(Reason.VALUE_INCORRECT, tag)


def _all_tags(group: Block) -> set[int]:
    """Of its entries, and of the groups in them."""
    return group.tags.union(*map(_all_tags, group.groups.values()))


def _entries(fields: Fields, at: int, end: int, first: int) -> list[tuple[int, int]]:
    """Where each entry of a group begins and ends; none where the group is empty."""
    begins = [i for i in range(at, end) if fields[i][0] == first]
    if at < end and (not begins or begins[0] != at):
        begins.insert(0, at)
    return list(zip(begins, [*begins[1:], end], strict=False))


_LISTS = ("MULTIPLEVALUESTRING", "MULTIPLESTRINGVALUE", "MULTIPLECHARVALUE")


def _is_listed(field: Field, value: bytes) -> bool:
    assert field.values is not None
    if field.type in _LISTS:
        return all(each in field.values for each in value.split(b" "))
    return value in field.values


def _is_timestamp(value: bytes) -> bool:
    try:
        parse_utc_timestamp(value)
    except ValueError:
        return False
    return True


def _has_form(field: Field, value: bytes) -> bool:
    form = _FORMS.get(field.type)
    return form is None or form(value)


def _pattern(text: bytes) -> Callable[[bytes], bool]:
    match = re.compile(text).fullmatch
    return lambda value: match(value) is not None


_INT, _COUNT = _pattern(rb"-?[0-9]{1,18}"), _pattern(rb"[0-9]{1,18}")
_FLOAT = _pattern(rb"-?([0-9]+\.?[0-9]*|\.[0-9]+)")
_DATE = _pattern(rb"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
_TIME = _pattern(rb"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,9})?")
_FORMS: dict[str, Callable[[bytes], bool]] = {
    "INT": _INT,
    "LENGTH": _COUNT,
    "SEQNUM": _COUNT,
    "NUMINGROUP": _COUNT,
    "TAGNUM": _COUNT,
    "DAYOFMONTH": _pattern(rb"0?[1-9]|[12][0-9]|3[01]"),
    **dict.fromkeys(("FLOAT", "PRICE", "QTY", "QUANTITY", "AMT", "PERCENTAGE", "PRICEOFFSET"), _FLOAT),
    "CHAR": _pattern(rb"[^\x01]"),
    "BOOLEAN": _pattern(rb"[YN]"),
    "UTCTIMESTAMP": _is_timestamp,
    "UTCTIMEONLY": _TIME,
    **dict.fromkeys(("LOCALMKTDATE", "UTCDATE", "UTCDATEONLY", "DATE"), _DATE),
    "MONTHYEAR": _pattern(rb"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01]|w[1-5])?"),
}
"""Types that are not just text. TIME is a timestamp in older dictionaries and left as it comes."""
