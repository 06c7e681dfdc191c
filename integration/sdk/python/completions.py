"""Completions, which preceded chat."""

from gateway import ANSWER, PROMPT, USAGE, client, count
from openai.types import Completion


def ask(model, **options):
    return client().completions.create(model=model, prompt=PROMPT, max_tokens=100, **options)


def plain(model):
    answer = ask(model)
    assert type(answer) is Completion and answer.object == "text_completion" and answer.id and answer.model, answer
    (choice,) = answer.choices
    assert (choice.index, choice.text, choice.finish_reason) == (0, ANSWER, "stop"), answer
    assert count(answer.usage) == USAGE, answer


def streamed(model):
    pieces = list(ask(model, stream=True))
    assert all(piece.object == "text_completion" and len(piece.choices) == 1 for piece in pieces), pieces
    assert all(piece.usage is None for piece in pieces), pieces
    texts = [piece.choices[0].text for piece in pieces]
    assert "".join(texts) == ANSWER and len(texts) > 2, texts
    assert [reason for piece in pieces if (reason := piece.choices[0].finish_reason)] == ["stop"], pieces
    *_, last = ask(model, stream=True, stream_options={"include_usage": True})
    assert last.choices == [] and count(last.usage) == USAGE, last
