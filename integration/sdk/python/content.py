"""Plain answers."""

import asyncio
import os
from typing import Literal

import openai
from gateway import ANSWER, USAGE, async_client, client, count, counts, raised, user
from openai.types.chat import ChatCompletion
from pydantic import BaseModel


def plain(model):
    answer = client().chat.completions.create(model=model, messages=[user()])
    assert type(answer) is ChatCompletion and answer.object == "chat.completion" and answer.id, answer
    assert answer.created > 1_600_000_000 and answer.model, answer
    (choice,) = answer.choices
    assert (choice.index, choice.finish_reason, choice.message.role) == (0, "stop", "assistant"), answer
    assert choice.message.content == ANSWER and not choice.message.tool_calls, answer
    assert count(answer.usage) == USAGE or not counts(model), answer


def conversation(model):
    """Who said what stays so, and parts of text are one text."""
    parts = [{"type": "text", "text": "Say "}, {"type": "text", "text": "hello."}]
    answer = client().chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "Be brief."},
            user("Who are you?"),
            {"role": "assistant", "content": "A model."},
            {"role": "user", "content": parts},
        ],
        max_completion_tokens=100,
        temperature=0.5,
        stop=["END"],
    )
    assert answer.choices[0].message.content == f"(Be brief.) {ANSWER}", answer


def headers(model):
    """The package shows the id that the gateway's records have."""
    raw = client().chat.completions.with_raw_response.create(model=model, messages=[user()])
    answer = raw.parse()
    assert answer.choices[0].message.content == ANSWER
    assert raw.headers["content-type"].startswith("application/json")
    assert answer._request_id and answer._request_id == raw.headers["x-request-id"], dict(raw.headers)


def many(model):
    """Many requests at a time on few connections."""

    async def all_of_them():
        async with async_client() as ours:

            async def one(number):
                text = f"Number {number}."
                if number % 2:
                    answer = await ours.chat.completions.create(model=model, messages=[user(text)])
                    return answer.choices[0].message.content == f"You said: {text}"
                stream = await ours.chat.completions.create(model=model, messages=[user(text)], stream=True)
                pieces = [c.choices[0].delta.content or "" async for c in stream if c.choices]
                return "".join(pieces) == f"You said: {text}"

            return await asyncio.gather(*(one(number) for number in range(60)))

    assert all(asyncio.run(all_of_them()))


class District(BaseModel):
    name: str


class City(BaseModel):
    name: str
    population: int
    climate: Literal["mild", "cold"]
    districts: list[District]


def structured(model):
    answer = client().chat.completions.parse(model=model, messages=[user("Describe Paris.")], response_format=City)
    expected = City(name="word", population=7, climate="mild", districts=[District(name="word")])
    assert answer.choices[0].message.parsed == expected, answer


def structured_stream(model):
    asked = dict(model=model, messages=[user("Describe Paris.")], response_format=City)
    with client().chat.completions.stream(**asked) as stream:
        answer = stream.get_final_completion()
    expected = City(name="word", population=7, climate="mild", districts=[District(name="word")])
    assert answer.choices[0].message.parsed == expected, answer


def models(expected):
    """The list is what the key may use; names are separated by commas."""
    listed = [model.id for model in client().models.list()]
    assert listed == expected.split(","), listed
    for name in listed:
        model = client().models.retrieve(name)
        assert (model.id, model.object) == (name, "model"), model


def keys(model):
    """A key comes as the package's own, as the answer to a question, or in a header of another API."""
    key = os.environ["OPENAI_API_KEY"]
    asked = {"model": model, "messages": [user()]}
    for ours in (client(api_key=key), client(api_key=lambda: key)):
        assert ours.chat.completions.create(**asked).choices[0].message.content == ANSWER
    for name in ("x-api-key", "api-key"):
        headers = {"Authorization": openai.omit, name: key}
        answer = client(api_key="none").chat.completions.create(extra_headers=headers, **asked)
        assert answer.choices[0].message.content == ANSWER, name


def no_surface(model):
    error = raised(openai.NotFoundError, lambda: client().fine_tuning.jobs.create(model=model, training_file="file-1"))
    assert error.status_code == 404 and error.message, error.body
    raised(openai.NotFoundError, lambda: client().vector_stores.list())


def bad_messages(model):
    """Nobody can read this."""
    for messages in ([{"role": "nobody", "content": "x"}], [{"role": "user", "content": 7}]):
        asked = {"model": model, "messages": messages}
        error = raised(openai.BadRequestError, lambda: client(max_retries=2).chat.completions.create(**asked))
        assert error.type == "invalid_request_error" and error.message, error.body
