"""Messages, by Anthropic's package."""

import json
import os
from datetime import datetime
from functools import cache

import anthropic
from anthropic import Anthropic
from anthropic.types import Message, ModelInfo
from content import City, District
from gateway import ANSWER, PROMPT, USAGE, counts, raised, user
from tools import WEATHER

PARIS = City(name="word", population=7, climate="mild", districts=[District(name="word")])
FUNCTION = WEATHER["function"]
TOOL = {"name": "weather", "description": FUNCTION["description"], "input_schema": FUNCTION["parameters"]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CACHED = {"cache_control": {"type": "ephemeral"}}


@cache
def anthropic_client(**options) -> Anthropic:
    return Anthropic(**{"max_retries": 0, "timeout": 30, **options})


class Caller:
    package = anthropic
    client = staticmethod(anthropic_client)

    @staticmethod
    def plain(ours, model, text=PROMPT, **options):
        answer = ours.messages.create(model=model, max_tokens=100, messages=[user(text)], **options)
        return "".join(block.text for block in answer.content if block.type == "text")

    @staticmethod
    def pieces(ours, model, text=PROMPT):
        for event in ours.messages.create(model=model, max_tokens=100, messages=[user(text)], stream=True):
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                yield event.delta.text

    @staticmethod
    def word(error):
        assert error.body["type"] == "error", error.body
        return error.body["error"]["type"]


def options(model, *turns, **more):
    return {"model": model, "max_tokens": 100, "messages": list(turns) or [user()], **more}


def ask(model, *turns, **more):
    return anthropic_client().messages.create(**options(model, *turns, **more))


def text(answer):
    return "".join(block.text for block in answer.content if block.type == "text")


def whole(answer, model):
    assert (answer.type, answer.role, answer.stop_reason) == ("message", "assistant", "end_turn"), answer
    assert isinstance(answer, Message) and answer.id and answer.model, answer
    assert [block.type for block in answer.content] == ["text"] and text(answer) == ANSWER, answer
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == USAGE[:2] or not counts(model), answer


def plain(model):
    whole(ask(model), model)


def conversation(model):
    """Who said what stays so, and parts of text are one text; hints for a cache do not get in the way."""
    parts = [{"type": "text", "text": "Say "}, {"type": "text", "text": "hello.", **CACHED}]
    turns = [user("Who are you?"), {"role": "assistant", "content": "A model."}, user(parts)]
    system = [{"type": "text", "text": "Be brief.", **CACHED}]
    answer = ask(model, *turns, system=system, stop_sequences=["END"])
    assert text(answer) == f"(Be brief.) {ANSWER}", answer


def streamed(model):
    events = list(ask(model, stream=True))
    kinds = [event.type for event in events if event.type != "ping"]
    assert kinds[:2] == ["message_start", "content_block_start"], kinds
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"], kinds
    assert set(kinds[2:-3]) == {"content_block_delta"} and len(kinds) > 6, kinds
    texts = [event.delta.text for event in events if event.type == "content_block_delta"]
    assert "".join(texts) == ANSWER, texts
    last = next(event for event in events if event.type == "message_delta")
    assert last.delta.stop_reason == "end_turn", last
    assert last.usage.output_tokens == USAGE[1] or not counts(model), last


def helper(model):
    """The package's own events, with the whole answer at their end."""
    with anthropic_client().messages.stream(**options(model)) as stream:
        heard = ""
        for event in stream:
            if event.type == "text":
                heard += event.text
                assert event.snapshot == heard, event
        answer = stream.get_final_message()
    assert heard == ANSWER
    whole(answer, model)


def calls(answer):
    return [block for block in answer.content if block.type == "tool_use"]


def called(answer, expected):
    assert answer.stop_reason == "tool_use", answer
    found = calls(answer)
    assert [(call.name, call.input) for call in found] == [("weather", {"city": city}) for city in expected], answer
    assert len({call.id for call in found}) == len(expected) and all(call.id for call in found), answer


def round_trip(model, places):
    """The model calls, the caller answers, and the model has heard it."""
    turns = [user(f"Weather of {', '.join(places)}?")]
    answer = ask(model, *turns, tools=[TOOL])
    called(answer, places)
    # As the package's users do: the blocks go back as they came.
    turns.append({"role": "assistant", "content": answer.content})
    results = [{"tool_use_id": call.id, "content": f"{call.input['city']}: sunny"} for call in calls(answer)]
    turns.append(user([{"type": "tool_result", **result} for result in results]))
    answer = ask(model, *turns, tools=[TOOL])
    assert text(answer) == "I heard: " + " | ".join(f"{place}: sunny" for place in places), answer


def tool(model):
    round_trip(model, ["Paris"])


def parallel_tools(model):
    round_trip(model, ["Paris", "Rome"])


def streamed_tools(model):
    """Arguments come in pieces; the helper adds them up."""
    asked = options(model, user("Weather of Paris, Rome?"), tools=[TOOL])
    pieces = {}
    with anthropic_client().messages.stream(**asked) as stream:
        for event in stream:
            if event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                pieces[event.index] = pieces.get(event.index, "") + event.delta.partial_json
        answer = stream.get_final_message()
    called(answer, ["Paris", "Rome"])
    assert [json.loads(piece) for piece in pieces.values()] == [call.input for call in calls(answer)], pieces


def tool_runner(model):
    """The package calls the function itself and tells the model what it returns, until it answers in words."""

    @anthropic.beta_tool
    def weather(city: str) -> str:
        """Tells the weather of a city.

        Args:
            city: Its name.
        """
        return f"{city}: sunny"

    asked = options(model, user("Weather of Paris, Rome?"), tools=[weather])
    answer = anthropic_client().beta.messages.tool_runner(**asked).until_done()
    assert text(answer) == "I heard: Paris: sunny | Rome: sunny", answer


def structured(model):
    asked = options(model, user("Describe Paris."), output_format=City)
    assert anthropic_client().messages.parse(**asked).parsed_output == PARIS


def thinking(model):
    """Thinking is a block of its own, before the answer, and comes back in the next turn."""
    budget = {"type": "enabled", "budget_tokens": 1024}
    turns = [user("Think hard.")]
    asked = options(model, *turns, thinking=budget) | {"max_tokens": 4000}
    answer = anthropic_client().messages.create(**asked)
    with anthropic_client().messages.stream(**asked) as stream:
        streamed = stream.get_final_message()
    for told in (answer, streamed):
        assert [block.type for block in told.content] == ["thinking", "text"], told
        assert told.content[0].thinking == "Because of this and that." and text(told) == "Thought.", told
    turns += [{"role": "assistant", "content": answer.content}, user()]
    assert text(anthropic_client().messages.create(**asked | {"messages": turns})) == ANSWER


def image(model):
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    picture = {"type": "image", "source": source, **CACHED}
    assert text(ask(model, user([picture, {"type": "text", "text": "Say hello."}]))) == ANSWER


def document(model):
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"}
    paper = {"type": "document", "source": source, "title": "paper"}
    assert text(ask(model, user([paper, {"type": "text", "text": "Say hello."}]))) == ANSWER


def count(model):
    asked = {"model": model, "messages": [user()], "system": "Be brief.", "tools": [TOOL]}
    raw = anthropic_client().messages.with_raw_response.count_tokens(**asked)
    return raw.parse().input_tokens, raw.headers.get("x-tollhouse-usage")


def counted(model):
    """The provider counts."""
    assert count(model) == (USAGE[0], None), count(model)


def estimated(model):
    """The gateway does, and says so."""
    tokens, source = count(model)
    assert 10 < tokens < 100 and source == "estimated", (tokens, source)


def models(expected):
    """What the key may use, in Anthropic's form; names are separated by commas. `/anthropic` is a base for all of it."""
    base = os.environ["ANTHROPIC_BASE_URL"]
    for ours in (anthropic_client(), anthropic_client(base_url=f"{base}/anthropic")):
        listed = list(ours.models.list())
        assert [model.id for model in listed] == expected.split(","), listed
        for model in listed:
            assert isinstance(model, ModelInfo) and (model.type, model.display_name) == ("model", model.id), model
            assert isinstance(model.created_at, datetime) and ours.models.retrieve(model.id) == model, model
        raised(anthropic.NotFoundError, lambda: ours.models.retrieve("nobody"))
