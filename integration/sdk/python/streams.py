"""Streamed answers."""

from gateway import ANSWER, USAGE, client, count, counts, user
from openai.types.chat import ChatCompletionChunk


def streamed(model):
    chunks = list(client().chat.completions.create(model=model, messages=[user()], stream=True))
    assert all(type(chunk) is ChatCompletionChunk for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == 1 and chunks[0].id, chunks
    assert len({chunk.model for chunk in chunks}) == 1 and chunks[0].model, chunks
    # Nobody asked for usage: every chunk has its choice.
    assert all(len(chunk.choices) == 1 and chunk.usage is None for chunk in chunks), chunks
    assert chunks[0].choices[0].delta.role == "assistant", chunks
    texts = [text for chunk in chunks if (text := chunk.choices[0].delta.content)]
    assert "".join(texts) == ANSWER and len(texts) > 1, texts
    reasons = [reason for chunk in chunks if (reason := chunk.choices[0].finish_reason)]
    assert reasons == ["stop"] and chunks[-1].choices[0].finish_reason, chunks


def streamed_usage(model):
    asked = {"model": model, "messages": [user()], "stream_options": {"include_usage": True}}
    *chunks, last = client().chat.completions.create(stream=True, **asked)
    assert all(chunk.usage is None and chunk.choices for chunk in chunks), chunks
    assert last.choices == [] and (count(last.usage) == USAGE or not counts(model)), last


def helper(model):
    """The package's own events, with the whole answer at their end."""
    asked = {"model": model, "messages": [user()], "stream_options": {"include_usage": True}}
    with client().chat.completions.stream(**asked) as stream:
        kinds, text = set(), ""
        for event in stream:
            kinds.add(event.type)
            if event.type == "content.delta":
                text += event.delta
                assert event.snapshot == text, event
        answer = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds, kinds
    assert text == answer.choices[0].message.content == ANSWER, answer
    assert answer.choices[0].finish_reason == "stop", answer
    assert count(answer.usage) == USAGE or not counts(model), answer


def hang_up(model):
    """A caller that has heard enough."""
    with client().chat.completions.create(model=model, messages=[user()], stream=True) as stream:
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                break
