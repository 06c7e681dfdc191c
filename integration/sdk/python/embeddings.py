"""Embeddings: providers answer the length of a text, and numbers that are the same in four bytes."""

from gateway import USAGE, client

TEXTS = ["hi", "there"]
VECTORS = [[2.0, -2.5, 0.25], [5.0, -2.5, 0.25]]


def told(model, texts=TEXTS, **options):
    answer = client().embeddings.create(model=model, input=texts, **options)
    assert answer.object == "list" and answer.model, answer
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (USAGE[0], USAGE[0]), answer.usage
    assert [one.object for one in answer.data] == ["embedding"] * len(answer.data), answer
    assert [one.index for one in answer.data] == list(range(len(answer.data))), answer
    return [one.embedding for one in answer.data]


def vectors(model):
    """As the package asks by itself, for base64; as it is asked to, for numbers; and shorter ones."""
    assert told(model) == VECTORS
    assert told(model, encoding_format="float") == VECTORS
    assert told(model, "hi", dimensions=2) == [VECTORS[0][:2]]
    # Nobody decodes what a caller asked for by name.
    assert told(model, "hi", encoding_format="base64") == ["AAAAQAAAIMAAAIA+"]
