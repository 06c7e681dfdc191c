"""Answers, streams and errors for callers."""

import json
from contextlib import suppress
from typing import get_args

import anthropic
import httpx2
import openai
from anthropic.types import ErrorResponse, Message, RawMessageStreamEvent
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.shared import ErrorObject
from pydantic import BaseModel

from . import judge, plain

def members(union) -> dict:
    """The classes of a union by their `type`."""
    classes = get_args(get_args(union)[0])
    return {name: kind for kind in classes for name in get_args(kind.model_fields["type"].annotation)}


MESSAGES, RESPONSES = members(RawMessageStreamEvent), members(ResponseStreamEvent)


def answer(api, text):
    value = json.loads(text)
    match api:
        case "chat":
            judge(ChatCompletion, api, value)
        case "messages":
            judge(Message, api, value)
        case "responses":
            judge(Response, api, value)


class AnyError(ErrorObject):
    """Providers of OpenAI's API say what they like beside the message, and that passes."""

    type: str | None = None


class OpenAiError(BaseModel):
    error: AnyError


def error(api, text):
    judge_error(api, json.loads(text))


def judge_error(api, value):
    if api != "messages":
        known = value["error"].keys() & AnyError.model_fields.keys()
        judge(OpenAiError, api, {**value, "error": {name: value["error"][name] for name in known}})
    elif value["error"]["type"] != "request_too_large":
        # Which is of the API, but not of the package.
        judge(ErrorResponse, api, value)


def events(text):
    """Names and values of server-sent events."""
    for event in text.removesuffix("\n\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in event.split("\n"))
        assert set(fields) <= {"event", "data"}, event
        yield fields.get("event"), fields["data"]


def stream(api, text):
    judge_events(api, list(events(text)))
    replay(api, text)


def broken_stream(api, text):
    *before, (_, last) = events(text)
    judge_events(api, before)
    last = json.loads(last)
    if api == "responses":
        # Documents have its members beside the type, servers and packages in `error`: it has both.
        del last["error"]
        judge(RESPONSES[last["type"]], api, last)
    else:
        judge_error(api, last)


def judge_events(api, told):
    if api == "chat" and told and told[-1][1] == "[DONE]":
        told.pop()
    for name, data in told:
        value = json.loads(data)
        if api == "chat":
            assert name is None, name
            judge(ChatCompletionChunk, api, value)
        else:
            assert name == value["type"], (name, value)
            if name == "response.function_call_arguments.done":
                # Documented, and in older types.
                del value["name"]
            judge((MESSAGES if api == "messages" else RESPONSES)[name], api, value)


def replay(api, text):
    """The package adds the events up, and what it has in the end is an answer."""

    def tell(_):
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, text=text)

    options = {"api_key": "none", "max_retries": 0}
    transport = httpx2.MockTransport(tell)
    with openai.DefaultHttpxClient(transport=transport) as http:
        ours = openai.OpenAI(http_client=http, **options)
        theirs = anthropic.Anthropic(http_client=http, **options)
        asked = {"model": "m", "messages": []}
        match api:
            case "chat":
                # The helper takes these for failures.
                with suppress(openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
                    with ours.chat.completions.stream(**asked) as told:
                        judge(ChatCompletion, api, whole(told.get_final_completion()))
            case "messages":
                with theirs.messages.stream(max_tokens=1, **asked) as told:
                    judge(Message, api, whole(told.get_final_message()))
            case "responses":
                with ours.responses.stream(model="m", input="") as told:
                    *_, last = told
                    assert last.type in ("response.completed", "response.incomplete"), last
                    judge(Response, api, whole(last.response))


def whole(answer):
    """The answer without what helpers add."""
    value = plain(answer.to_dict(), {"parsed", "parsed_arguments"})
    for choice in value.get("choices", ()):
        for call in choice["message"].get("tool_calls") or ():
            del call["index"]
    return value
