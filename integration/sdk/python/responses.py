"""Responses."""

import json

import openai
from content import City, District
from gateway import ANSWER, USAGE, client, counts
from openai.types.responses import Response
from tools import WEATHER, weather

PARIS = City(name="word", population=7, climate="mild", districts=[District(name="word")])
TOOL = {"type": "function", "strict": True, **WEATHER["function"]}


def count(usage) -> tuple:
    return usage.input_tokens, usage.output_tokens, usage.total_tokens


def ask(model, text="Say hello.", **options):
    return client().responses.create(model=model, input=text, **options)


def whole(answer, model):
    assert isinstance(answer, Response) and answer.object == "response" and answer.id, answer
    assert answer.status == "completed" and answer.model and answer.error is None, answer
    assert answer.output_text == ANSWER, answer
    assert count(answer.usage) == USAGE or not counts(model), answer


def plain(model):
    whole(ask(model), model)


def conversation(model):
    """Who said what stays so, and parts of text are one text."""
    parts = [{"type": "input_text", "text": "Say "}, {"type": "input_text", "text": "hello."}]
    turns = [
        {"role": "user", "content": "Who are you?"},
        {"role": "assistant", "content": "A model."},
        {"role": "user", "content": parts},
    ]
    answer = ask(model, turns, instructions="Be brief.", max_output_tokens=100, temperature=0.5)
    assert answer.output_text == f"(Be brief.) {ANSWER}", answer


def streamed(model):
    """Events count from 0, items and parts begin and end, and the last event has everything."""
    events = list(ask(model, stream=True))
    kinds = [event.type for event in events]
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed", kinds
    numbers = [event.sequence_number for event in events]
    # The mock, whose own stream passes, counts none.
    assert numbers in (list(range(len(events))), [None] * len(events)), events
    texts = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(texts) == ANSWER and len(texts) > 1, texts
    for begin, end in (("output_item.added", "output_item.done"), ("content_part.added", "content_part.done")):
        assert kinds.count(f"response.{begin}") == kinds.count(f"response.{end}") == 1, kinds
    done = next(event for event in events if event.type == "response.output_text.done")
    assert done.text == ANSWER, done
    whole(events[-1].response, model)


def helper(model):
    """The package's own events, with the whole answer at their end."""
    with client().responses.stream(model=model, input="Say hello.") as stream:
        text = ""
        for event in stream:
            if event.type == "response.output_text.delta":
                text += event.delta
                assert event.snapshot == text, event
        answer = stream.get_final_response()
    assert text == ANSWER
    whole(answer, model)


def calls(answer):
    return [item for item in answer.output if item.type == "function_call"]


def called(answer, expected):
    found = calls(answer)
    assert all(call.name == "weather" and call.call_id and call.status == "completed" for call in found), answer
    assert [json.loads(call.arguments)["city"] for call in found] == expected, answer
    assert len({call.call_id for call in found}) == len(expected), answer


def round_trip(model, places):
    """The model calls, the caller answers, and the model has heard it."""
    turns = [{"role": "user", "content": f"Weather of {', '.join(places)}?"}]
    answer = ask(model, turns, tools=[TOOL])
    called(answer, places)
    # As the package's users do: the items go back as they came.
    turns += answer.output
    for call in calls(answer):
        output = f"{json.loads(call.arguments)['city']}: sunny"
        turns.append({"type": "function_call_output", "call_id": call.call_id, "output": output})
    answer = ask(model, turns, tools=[TOOL])
    assert answer.output_text == "I heard: " + " | ".join(f"{place}: sunny" for place in places), answer


def tool(model):
    round_trip(model, ["Paris"])


def parallel_tools(model):
    round_trip(model, ["Paris", "Rome"])


def streamed_tools(model):
    """Arguments come in pieces that belong to their item."""
    arguments = {}
    for event in ask(model, "Weather of Paris, Rome?", tools=[TOOL], stream=True):
        if event.type == "response.output_item.added" and event.item.type == "function_call":
            assert event.item.name == "weather" and event.item.arguments == "", event
            arguments[event.item.id] = ""
        if event.type == "response.function_call_arguments.delta":
            arguments[event.item_id] += event.delta
        if event.type == "response.function_call_arguments.done":
            assert event.arguments == arguments[event.item_id], event
    called(event.response, ["Paris", "Rome"])
    assert list(arguments.values()) == [call.arguments for call in calls(event.response)], arguments


def parsed_tools(model):
    """Arguments as an object of the caller's class, whole and streamed."""
    tools = [openai.pydantic_function_tool(weather)]
    asked = {"model": model, "input": "Weather of Paris, Rome?", "tools": tools}
    with client().responses.stream(**asked) as stream:
        streamed = stream.get_final_response()
    for answer in (client().responses.parse(**asked), streamed):
        assert [call.parsed_arguments for call in calls(answer)] == [weather(city="Paris"), weather(city="Rome")]


def structured(model):
    answer = client().responses.parse(model=model, input="Describe Paris.", text_format=City)
    assert answer.output_parsed == PARIS, answer


def structured_stream(model):
    with client().responses.stream(model=model, input="Describe Paris.", text_format=City) as stream:
        answer = stream.get_final_response()
    assert answer.output_parsed == PARIS, answer


def thinking(model):
    """Thinking is an item of its own, before the answer."""
    answer = ask(model, "Think hard.", reasoning={"effort": "low"})
    assert [item.type for item in answer.output] == ["reasoning", "message"], answer
    assert answer.output_text == "Thought.", answer
    thought = answer.output[0]
    parts = thought.summary + (thought.content or [])
    assert "".join(part.text for part in parts) == "Because of this and that.", answer
