"""Clients of the gateway, and what the providers behind it do."""

from functools import cache

from openai import AsyncOpenAI, OpenAI

# Providers answer this so, and count so.
PROMPT = "Say hello."
ANSWER = "You said: Say hello."
USAGE = (11, 7, 18)


@cache
def client(**options) -> OpenAI:
    """The official client, one for all who want it so. A failure is seen, not tried again, unless a test asks for it."""
    return OpenAI(**{"max_retries": 0, "timeout": 30, **options})


def async_client(**options) -> AsyncOpenAI:
    return AsyncOpenAI(**{"max_retries": 0, "timeout": 30, **options})


def user(text=PROMPT) -> dict:
    return {"role": "user", "content": text}


def count(usage) -> tuple:
    return usage.prompt_tokens, usage.completion_tokens, usage.total_tokens


def counts(model) -> bool:
    """Does the provider of this model count tokens? The mock of Ollama does not."""
    return not model.startswith("ollama")


def raised(kind, call):
    """The exception of exactly this class that the call ends with."""
    try:
        result = call()
    except Exception as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {error}"
        return error
    raise AssertionError(f"no {kind.__name__} but {result!r}")
