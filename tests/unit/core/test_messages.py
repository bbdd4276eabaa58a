"""The numpy dtypes and enums of core/messages.py are core/messages.pxd's in C, to the byte."""

import re
from dataclasses import dataclass
from enum import EnumType, IntFlag
from pathlib import Path

import numpy as np
import pytest

from core import layout, messages

PXD = Path(__file__).resolve().parents[3] / "core/messages.pxd"
SCALARS = {
    **{
        f"{sign}int{8 * size}_t": f"{'u' if sign else 'i'}{size}"
        for sign in ("", "u")
        for size in (1, 2, 4, 8)
    },
    "char": "V1",
}
WORD = 8
UNIONS = {"Request"}  # numpy has none: a page's request is bytes, read as the dtype of its kind


@dataclass(frozen=True)
class Member:
    """A line of a struct."""

    type: str
    name: str
    count: int  # 0: no array
    offset: int


@dataclass(frozen=True)
class Struct:
    """A struct or union as a C compiler lays it out."""

    members: tuple[Member, ...]
    size: int
    align: int
    padded: int  # bytes that the compiler adds
    told: int | None  # the size that its comment tells


@dataclass(frozen=True)
class Declared:
    """What a .pxd says."""

    structs: dict[str, Struct]
    enums: dict[str, dict[str, int]]
    constants: dict[str, int]


def natural(type_name: str, structs: dict[str, Struct]) -> tuple[int, int]:
    """(size, alignment) of a member's type on x86-64 and AArch64 Linux."""
    if type_name == "i128":
        return 2 * WORD, 2 * WORD
    if type_name in structs:
        return structs[type_name].size, structs[type_name].align
    size = np.dtype(SCALARS[type_name]).itemsize
    return size, size


def up(offset: int, align: int) -> int:
    return -(-offset // align) * align


def parse_struct(
    body: list[str], told: int | None, structs: dict[str, Struct], overlaid: bool = False
) -> Struct:
    members: list[Member] = []
    end = used = 0
    align = 1
    for line in body:
        match = re.fullmatch(r"(\w+) (\w+)(?:\[(\d+)\])?", line)
        assert match, f"not a struct's member: {line}"
        size, own = natural(match[1], structs)
        offset = 0 if overlaid else up(end, own)
        count = int(match[3] or 0)
        members.append(Member(match[1], match[2], count, offset))
        used = max(used, size * (count or 1)) if overlaid else used + size * (count or 1)
        end = max(end, offset + size * (count or 1))
        align = max(align, own)
    return Struct(tuple(members), up(end, align), align, up(end, align) - used, told)


def parse(text: str) -> Declared:
    """Every struct, enum and constant of a .pxd."""
    found = Declared({}, {}, {})
    for kind, name, comment, indented in re.findall(
        r"^cdef (struct|union|enum) ?(\w*):(.*)\n((?:(?: .*)?\n)+)", text, re.MULTILINE
    ):
        lines = [line.split("#")[0].strip() for line in indented.splitlines()]
        body = [line for line in lines if line]
        if kind == "enum":
            pairs = [line.split(" = ") for line in body]
            values = {key: int(value, 0) for key, value in pairs}
            found.constants.update(values) if not name else found.enums.__setitem__(name, values)
        else:
            told = re.search(r"# (\d+)", comment)
            size = int(told[1]) if told else None
            found.structs[name] = parse_struct(body, size, found.structs, kind == "union")
    for name, value in re.findall(r"#define NACRE_(\w+) (0x\w+)u", text):
        found.constants[name] = int(value, 0)
    return found


DECLARED = parse(PXD.read_text())


def dtype_name(struct: str) -> str:
    """OpenPositionEvent: OPEN_POSITION_EVENT."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", struct).upper()


def as_fields(member: Member) -> list[tuple[str, np.dtype, int]]:
    """The fields that numpy has for a member: (name, dtype, offset)."""
    if member.type == "i128":
        low = (f"{member.name}_lo", np.dtype("<u8"), member.offset)
        return [low, (f"{member.name}_hi", np.dtype("<i8"), member.offset + WORD)]
    if member.type in UNIONS:
        return [(member.name, np.dtype(f"V{DECLARED.structs[member.type].size}"), member.offset)]
    if member.type in DECLARED.structs:
        return [(member.name, getattr(messages, dtype_name(member.type)), member.offset)]
    if member.type == "char":
        return [(member.name, np.dtype(f"V{member.count}"), member.offset)]
    scalar = np.dtype("<" + SCALARS[member.type])
    return [(member.name, np.dtype((scalar, (member.count,))) if member.count else scalar, member.offset)]


def python_enums() -> dict[str, EnumType]:
    return {
        name: value
        for name, value in vars(messages).items()
        if isinstance(value, EnumType) and value.__module__ == messages.__name__
    }


# ---- the parser itself -----------------------------------------------------------------------------------


def test_the_parser_lays_structs_out_as_c_does() -> None:
    text = (
        "cdef struct A:   # 16\n    uint8_t a\n    int64_t b\n"
        "cdef union U:\n    A a\n    char bytes[20]\n"
        "cdef struct B:\n    A one[2]          # two\n\n    i128 w\n    uint16_t last\n"
        "cdef enum E:\n    E_X = 0x10\n"
        "cdef enum:\n    N = 3\n"
    )
    found = parse(text)
    a, u, b = found.structs.values()
    assert [m.offset for m in a.members] == [0, 8]
    assert (a.size, a.align, a.padded, a.told) == (16, 8, 7, 16)
    assert (u.size, u.align) == (24, 8)
    assert [m.offset for m in b.members] == [0, 32, 48]
    assert (b.size, b.align, b.padded, b.told) == (64, 16, 14, None)
    assert found.enums == {"E": {"E_X": 16}}
    assert found.constants == {"N": 3}


def test_the_parser_misses_nothing() -> None:
    text = PXD.read_text()
    assert len(re.findall(r"^cdef (?:struct|union) ", text, re.MULTILINE)) == len(DECLARED.structs)
    assert len(re.findall(r"^cdef enum \w", text, re.MULTILINE)) == len(DECLARED.enums)


# ---- structs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("struct", sorted(DECLARED.structs.keys() - UNIONS))
def test_dtype_is_the_struct(struct: str) -> None:
    expected = [field for member in DECLARED.structs[struct].members for field in as_fields(member)]
    dtype: np.dtype = getattr(messages, dtype_name(struct))
    assert dtype.fields is not None
    found = [(name, *dtype.fields[name]) for name in dtype.names or ()]
    assert found == expected
    assert dtype.itemsize == DECLARED.structs[struct].size


def test_every_dtype_has_a_struct() -> None:
    dtypes = {name for name, value in vars(messages).items() if isinstance(value, np.dtype)}
    assert dtypes == {dtype_name(struct) for struct in DECLARED.structs.keys() - UNIONS}


def test_the_compiler_agrees_on_sizes() -> None:
    assert layout.sizes() == {name: struct.size for name, struct in DECLARED.structs.items()}


def test_the_compiler_agrees_on_where_paragraphs_begin() -> None:
    assert layout.offsets() == {m.name: m.offset for m in DECLARED.structs["Page"].members}


@pytest.mark.parametrize("struct", sorted(DECLARED.structs.keys() - UNIONS))
def test_no_compiler_pads(struct: str) -> None:
    assert DECLARED.structs[struct].padded == 0


@pytest.mark.parametrize("struct", sorted(DECLARED.structs))
def test_comments_tell_the_size(struct: str) -> None:
    declared = DECLARED.structs[struct]
    if struct in UNIONS | {"Page"}:
        assert declared.told is None  # the constants tell it
    else:
        assert declared.told == declared.size


def test_paragraphs_begin_where_the_constants_say_on_lines_of_their_own() -> None:
    page = DECLARED.structs["Page"]
    assert page.size == DECLARED.constants["PAGE_SIZE"]
    assert DECLARED.structs["Request"].size == DECLARED.constants["REQUEST_SIZE"]
    for member in page.members[1:]:
        assert member.offset == DECLARED.constants[f"{member.name.upper()}_AT"]
    for member in page.members:
        assert member.offset % 64 == 0
        assert DECLARED.structs[member.type].size % 64 == 0


def test_the_drawing_shows_the_page() -> None:
    drawn = re.findall(r"^ +(\d+) +(\d+)  (\w+) ", PXD.read_text().split('"""')[1], re.MULTILINE)
    sizes = [(m.name, m.offset, DECLARED.structs[m.type].size) for m in DECLARED.structs["Page"].members]
    assert [(name.lower(), int(offset), int(size)) for offset, size, name in drawn] == sizes


def test_paragraphs_begin_with_the_word_that_publishes_them() -> None:
    for member in DECLARED.structs["Page"].members:
        if member.name != "request":
            first = DECLARED.structs[member.type].members[0]
            assert (first.name, first.type, first.offset) == ("seq", "uint64_t", 0)


def test_a_request_holds_every_event() -> None:
    events = {name for name in DECLARED.structs if name.endswith("Event")}
    members = {m.type for m in DECLARED.structs["Request"].members if m.type != "char"}
    assert members == events


# ---- enums and constants ---------------------------------------------------------------------------------


@pytest.mark.parametrize("enum", sorted(DECLARED.enums))
def test_enum_has_the_same_members(enum: str) -> None:
    values = DECLARED.enums[enum]
    prefix = next(iter(values)).split("_")[0] + "_"
    assert all(key.startswith(prefix) for key in values)
    found = {key: int(value) for key, value in python_enums()[enum].__members__.items()}
    assert found == {key.removeprefix(prefix): value for key, value in values.items()}


def test_both_have_the_same_enums() -> None:
    assert python_enums().keys() == DECLARED.enums.keys()


@pytest.mark.parametrize("enum", sorted(DECLARED.enums))
def test_values_are_distinct_and_flags_are_bits(enum: str) -> None:
    values = DECLARED.enums[enum].values()
    assert len(set(values)) == len(values)
    if issubclass(python_enums()[enum], IntFlag):
        assert all(value.bit_count() == 1 for value in values)


def test_constants_are_the_same() -> None:
    found = {
        name: value for name, value in vars(messages).items() if name.isupper() and isinstance(value, int)
    }
    assert {"NONE", "UNKNOWN", "NONE16", "UNKNOWN16", "PAGE_SIZE", "REQUEST_SIZE"} <= found.keys()
    assert found == {name: DECLARED.constants[name] for name in found}
