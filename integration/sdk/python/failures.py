"""Failures as the official packages' exceptions, and what they try again. Each function is for every caller."""

from gateway import ANSWER, raised

# What callers of OpenAI's APIs and of Anthropic's are told.
NO_KEY = {"openai": ["invalid_api_key", "missing_api_key"], "anthropic": ["authentication_error"] * 2}
NO_MODEL = {"openai": "model_not_found", "anthropic": "not_found_error"}


def ask(caller, model, **options):
    return lambda: caller.plain(caller.client(**options), model)


def ask_stream(caller, model, **options):
    return lambda: "".join(caller.pieces(caller.client(**options), model))


def no_key(caller, model):
    wrong, missing = NO_KEY[caller.package.__name__]
    error = raised(caller.package.AuthenticationError, ask(caller, model, api_key="th-nobody", max_retries=2))
    assert (error.status_code, caller.word(error)) == (401, wrong), error.body
    nothing = {"Authorization": caller.package.omit, "X-Api-Key": caller.package.omit}
    bare = lambda: caller.plain(caller.client(max_retries=2), model, extra_headers=nothing)
    error = raised(caller.package.AuthenticationError, bare)
    assert (error.status_code, caller.word(error)) == (401, missing), error.body


def no_model(caller, model):
    error = raised(caller.package.NotFoundError, ask(caller, model, max_retries=2))
    assert (error.status_code, caller.word(error)) == (404, NO_MODEL[caller.package.__name__]), error.body
    raised(caller.package.NotFoundError, lambda: caller.client().models.retrieve(model))


def bad_request(caller, model):
    """The provider refuses the request: its words reach the caller, and nobody tries again."""
    error = raised(caller.package.BadRequestError, ask(caller, model, max_retries=2))
    assert error.status_code == 400 and "No." in error.message, error.body
    assert error.type == "invalid_request_error", error.body


def rate_limit(caller, model):
    error = raised(caller.package.RateLimitError, ask(caller, model, max_retries=2))
    assert error.status_code == 429 and "No." in error.message, error.body


def retried(caller, model):
    """The package tries again, and has an answer."""
    assert ask(caller, model, max_retries=2)() == ANSWER


def retried_stream(caller, model):
    assert ask_stream(caller, model, max_retries=2)() == ANSWER


def server_error(caller, model):
    error = raised(caller.package.InternalServerError, ask(caller, model, max_retries=1))
    assert error.status_code >= 500 and error.message, error.body


def impatient(caller, model):
    """A caller that does not wait, and tries again."""
    raised(caller.package.APITimeoutError, ask(caller, model, timeout=0.5, max_retries=1))


def error_in_stream(caller, model):
    """The failure is told in the stream, after its first word, which is not lost."""
    texts = []
    try:
        texts.extend(caller.pieces(caller.client(max_retries=2), model))
    except caller.package.APIError as error:
        assert not isinstance(error, caller.package.APIConnectionError), error
        assert error.message and caller.word(error), vars(error)
        assert "".join(texts) == "Say", texts
    else:
        raise AssertionError(f"no failure but {texts}")
