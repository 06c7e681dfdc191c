"""Failures as the official package's exceptions, and what it tries again."""

import openai
from gateway import ANSWER, client, raised, user


def ask(model, **options):
    return lambda: client(**options).chat.completions.create(model=model, messages=[user()])


def no_key(model):
    error = raised(openai.AuthenticationError, ask(model, api_key="th-nobody", max_retries=2))
    assert (error.status_code, error.code, error.type) == (401, "invalid_api_key", "authentication_error"), error.body
    asked = {"model": model, "messages": [user()], "extra_headers": {"Authorization": openai.omit}}
    error = raised(openai.AuthenticationError, lambda: client(max_retries=2).chat.completions.create(**asked))
    assert (error.status_code, error.code) == (401, "missing_api_key"), error.body


def no_model(model):
    error = raised(openai.NotFoundError, ask(model, max_retries=2))
    assert (error.status_code, error.code) == (404, "model_not_found"), error.body
    raised(openai.NotFoundError, lambda: client().models.retrieve(model))


def no_surface(model):
    error = raised(openai.NotFoundError, lambda: client().moderations.create(model=model, input="text"))
    assert error.status_code == 404 and error.message, error.body
    raised(openai.NotFoundError, lambda: client().images.generate(model=model, prompt="text"))


def bad_request(model):
    """The provider refuses the request: its words reach the caller, and nobody tries again."""
    error = raised(openai.BadRequestError, ask(model, max_retries=2))
    assert error.status_code == 400 and "No." in error.message, error.body
    assert error.type == "invalid_request_error", error.body


def bad_messages(model):
    """Nobody can read this."""
    for messages in ([{"role": "nobody", "content": "x"}], [{"role": "user", "content": 7}]):
        asked = {"model": model, "messages": messages}
        error = raised(openai.BadRequestError, lambda: client(max_retries=2).chat.completions.create(**asked))
        assert error.type == "invalid_request_error" and error.message, error.body


def rate_limit(model):
    error = raised(openai.RateLimitError, ask(model, max_retries=2))
    assert error.status_code == 429 and "No." in error.message, error.body


def retried(model):
    """The package tries again, and has an answer."""
    answer = ask(model, max_retries=2)()
    assert answer.choices[0].message.content == ANSWER, answer


def retried_stream(model):
    stream = client(max_retries=2).chat.completions.create(model=model, messages=[user()], stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in stream) == ANSWER


def server_error(model):
    error = raised(openai.InternalServerError, ask(model, max_retries=1))
    assert error.status_code >= 500 and error.message, error.body


def impatient(model):
    """A caller that does not wait, and tries again."""
    raised(openai.APITimeoutError, ask(model, timeout=0.5, max_retries=1))
