"""Against `@copilotkit/aimock`, whose failures nobody here wrote."""

import asyncio

import openai
from gateway import ANSWER, async_client, client, raised, user


async def text(ours, model, stream, **options):
    asked = ours.chat.completions.create(model=model, messages=[user()], stream=stream, **options)
    answer = await asked
    if not stream:
        return answer.choices[0].message.content
    return "".join([c.choices[0].delta.content or "" async for c in answer if c.choices])


def answered(model):
    """Every request is answered, and well, whatever the first target does."""

    async def all_of_them():
        async with async_client() as ours:
            return await asyncio.gather(*(text(ours, model, number % 2 == 0) for number in range(20)))

    answers = asyncio.run(all_of_them())
    assert answers == [ANSWER] * 20, answers


def lone(model):
    """Without another target a failure is a failure, with a status and a word for it."""
    for stream in (False, True):
        try:
            answer = client().chat.completions.create(model=model, messages=[user()], stream=stream)
            answer = list(answer) if stream else answer
        except openai.APIStatusError as error:
            assert error.status_code == 429 or error.status_code >= 500, error
            assert error.message and isinstance(error.body, dict) and error.code, error.body
            print(f"  stream={stream}: {type(error).__name__} {error.status_code} {error.code}: {error.message}")
        else:
            raise AssertionError(f"an answer: {answer}")


def stubborn(model):
    """With enough patience the package gets through what fails now and then."""
    for stream in (False, True):
        ours = client(max_retries=10)
        answer = ours.chat.completions.create(model=model, messages=[user()], stream=stream)
        if stream:
            assert "".join(c.choices[0].delta.content or "" for c in answer) == ANSWER
        else:
            assert answer.choices[0].message.content == ANSWER


def refused_by_mock(model):
    """A request that no fixture knows: the provider's 404 is not the gateway's."""
    asked = {"model": model, "messages": [user("Nobody taught it this.")]}
    error = raised(openai.NotFoundError, lambda: client().chat.completions.create(**asked))
    assert "No fixture matched" in error.message, error.body


def reasoning(model):
    """Thinking beside the answer does not get into it."""
    asked = {"model": model, "messages": [user("Think hard.")]}
    answer = client().chat.completions.create(**asked)
    assert answer.choices[0].message.content == "Thought.", answer
    stream = client().chat.completions.create(stream=True, **asked)
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == "Thought."
