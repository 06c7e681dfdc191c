"""Tools: calls, their results, and the answer to those."""

import json

import openai
from gateway import client, user
from pydantic import BaseModel

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


def cities(calls) -> list:
    assert all(call.type == "function" and call.function.name == "weather" for call in calls), calls
    return [json.loads(call.function.arguments)["city"] for call in calls]


def round_trip(model, question, expected):
    """The model calls, the caller answers, and the model has heard it."""
    messages = [user(question)]
    answer = client().chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls", answer
    calls = choice.message.tool_calls
    assert cities(calls) == expected and len({call.id for call in calls}) == len(calls), answer
    # As the package's users do: the message goes back as it came.
    messages.append(choice.message)
    for call in calls:
        city = json.loads(call.function.arguments)["city"]
        messages.append({"role": "tool", "tool_call_id": call.id, "content": f"{city}: sunny"})
    answer = client().chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    heard = " | ".join(f"{city}: sunny" for city in expected)
    assert answer.choices[0].message.content == f"I heard: {heard}", answer
    assert answer.choices[0].finish_reason == "stop", answer


def tool(model):
    round_trip(model, "Weather of Paris?", ["Paris"])


def parallel_tools(model):
    round_trip(model, "Weather of Paris, Rome?", ["Paris", "Rome"])


def one_tool_at_a_time(model):
    asked = {"model": model, "messages": [user("Weather of Paris, Rome?")], "tools": [WEATHER]}
    answer = client().chat.completions.create(parallel_tool_calls=False, **asked)
    assert cities(answer.choices[0].message.tool_calls) == ["Paris"], answer


def tool_choice(model):
    asked = {"model": model, "tools": [WEATHER]}
    named = {"type": "function", "function": {"name": "weather"}}
    for choice in ("required", named):
        answer = client().chat.completions.create(messages=[user("Anything.")], tool_choice=choice, **asked)
        assert cities(answer.choices[0].message.tool_calls) == ["Anything."], answer
    answer = client().chat.completions.create(messages=[user("Weather of Paris?")], tool_choice="none", **asked)
    assert answer.choices[0].message.content == "You said: Weather of Paris?", answer


def streamed_tools(model):
    """Calls are told apart by their index; each begins with its name and goes on with its arguments."""
    asked = {"model": model, "messages": [user("Weather of Paris, Rome?")], "tools": [WEATHER]}
    calls, reasons = {}, []
    for chunk in client().chat.completions.create(stream=True, **asked):
        for choice in chunk.choices:
            reasons += [choice.finish_reason] if choice.finish_reason else []
            for part in choice.delta.tool_calls or []:
                if part.index not in calls:
                    assert part.id and part.function.name == "weather", part
                    calls[part.index] = ""
                calls[part.index] += part.function.arguments or ""
    assert [json.loads(calls[index]) for index in (0, 1)] == [{"city": "Paris"}, {"city": "Rome"}], calls
    assert reasons == ["tool_calls"], reasons


class weather(BaseModel):
    """Tells the weather of a city."""

    city: str


def parsed_tools(model):
    """Arguments as an object of the caller's class, whole and streamed."""
    definition = openai.pydantic_function_tool(weather)
    asked = {"model": model, "messages": [user("Weather of Paris, Rome?")], "tools": [definition]}
    answer = client().chat.completions.parse(**asked)
    with client().chat.completions.stream(**asked) as stream:
        streamed = stream.get_final_completion()
    for completion in (answer, streamed):
        parsed = [call.function.parsed_arguments for call in completion.choices[0].message.tool_calls]
        assert parsed == [weather(city="Paris"), weather(city="Rome")], completion
