"""What passes to providers of OpenAI's API."""

import base64
import tempfile
from pathlib import Path

import openai
from gateway import USAGE, client, raised

SOUND = bytes(range(256)) * 1000
LINES = b'{"custom_id":"1"}\n'
UPLOAD = ("lines.jsonl", LINES)
BATCH = {"input_file_id": "file-up", "endpoint": "/v1/chat/completions", "completion_window": "24h"}


def images(model):
    answer = client().images.generate(model=model, prompt="A cat.", n=2, size="1024x1024")
    assert [base64.b64decode(image.b64_json) for image in answer.data] == [b"A cat."] * 2, answer
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == USAGE, answer


def transcribe(model):
    """Large enough for several pieces of a body."""
    asked = {"file": ("talk.mp3", SOUND), "model": model, "language": "en"}
    return client().audio.transcriptions.create(**asked)


def transcription(model):
    answer = transcribe(model)
    assert answer.text == f"talk.mp3 of {len(SOUND)} bytes in en", answer
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == USAGE[:2], answer


def speech(model):
    """Whole, and streamed into a file."""
    asked = {"model": model, "voice": "alloy", "input": "Hello."}
    assert client().audio.speech.create(**asked).content == SOUND
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.mp3"
        with client().audio.speech.with_streaming_response.create(**asked) as answer:
            assert answer.headers["content-type"] == "audio/mpeg", answer.headers
            answer.stream_to_file(path)
        assert path.read_bytes() == SOUND


def moderations(model):
    answer = client().moderations.create(model=model, input=["good", "bad"])
    assert [result.flagged for result in answer.results] == [False, True], answer
    assert answer.results[1].categories.violence and answer.results[1].category_scores.violence == 1, answer


def files(_):
    ours = client().files
    made = ours.create(file=UPLOAD, purpose="batch")
    assert (made.id, made.filename, made.bytes, made.purpose) == ("file-up", "lines.jsonl", len(LINES), "batch"), made
    assert ours.retrieve(made.id) == made
    assert ours.content(made.id).read() == LINES
    batch = client().batches.create(**BATCH)
    assert (batch.object, batch.input_file_id, batch.endpoint) == ("batch", made.id, BATCH["endpoint"]), batch


def denied(model):
    """A key that may use little has no files, and models in forms are models."""
    for call in (
        lambda: client().files.create(file=UPLOAD, purpose="batch"),
        lambda: client().files.retrieve("file-up"),
        lambda: client().files.content("file-up"),
        lambda: client().batches.create(**BATCH),
    ):
        error = raised(openai.PermissionDeniedError, call)
        assert (error.status_code, error.code) == (403, "files_not_allowed") and error.message, error.body
    error = raised(openai.NotFoundError, lambda: transcribe(model))
    assert error.code == "model_not_found", error.body
