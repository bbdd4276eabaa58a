"""What a reject says of the message that it refuses."""

from __future__ import annotations

from core.venues.fix.agreement import BusinessReject, Field
from core.venues.fix.codec import Message
from core.venues.fix.dictionary import Dictionary
from core.venues.fix.validation import TEXTS, Problem

_REVERSED = {115: 128, 116: 129, 144: 145, 128: 115, 129: 116, 145: 144}
"""Whom a message was for is who answers it."""


def reject_fields(message: Message, problem: Problem, dictionary: Dictionary) -> list[Field]:
    """Of a Reject (3). A reason that this version of FIX has no code for is told by its text alone."""
    reason = b"%d" % problem.reason
    fields = [(45, message.get(34) or b"0"), (58, TEXTS[problem.reason].encode())]
    if problem.tag is not None:
        fields.append((371, b"%d" % problem.tag))
    fields.append((372, message.msg_type))
    return [*fields, (373, reason)] if dictionary.allows(373, reason) else fields


def business_fields(message: Message, wrong: BusinessReject) -> list[Field]:
    """Of a BusinessMessageReject (j)."""
    fields = [(45, message.get(34) or b"0"), (58, str(wrong).encode()), (372, message.msg_type)]
    if wrong.ref_id:
        fields.append((379, wrong.ref_id.encode()))
    return [*fields, (380, b"%d" % wrong.reason)]


def reversed_route(message: Message) -> list[Field]:
    """The header's fields of an answer: to whom the message came from, of whom it was for."""
    return [(_REVERSED[tag], value) for tag, value in message.fields if tag in _REVERSED and value]
