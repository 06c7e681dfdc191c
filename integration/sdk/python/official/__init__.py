"""Judges what translators wrote by the types of the official packages: `python -m official written.jsonl`.

Validation is strict, and fields that a type does not have are refused, but for those in `EXTENSIONS`.
"""

import functools
import json
import typing

# The types of requests say `Iterable`, of which pydantic looks at no item until somebody asks for it.
typing.Iterable = typing.List

from pydantic import TypeAdapter

# What no type of the packages has, by the API that has it.
EXTENSIONS = {
    # What other providers say, where others put it.
    "chat": {"reasoning_content", "thinking_blocks", "extra_content"},
    # OpenAI's own answers have it.
    "responses": {"store"},
    # The newest models take none of these, and so the newest types; older models do.
    "anthropic": {"temperature", "top_p", "top_k"},
}

adapter = functools.cache(TypeAdapter)


def judge(kind, api, value):
    adapter(kind).validate_json(json.dumps(plain(value, EXTENSIONS.get(api, ()))), strict=True, extra="forbid")


def plain(value, extensions):
    """The value without fields of these names."""
    match value:
        case dict():
            return {name: plain(member, extensions) for name, member in value.items() if name not in extensions}
        case list():
            return [plain(member, extensions) for member in value]
        case _:
            return value
