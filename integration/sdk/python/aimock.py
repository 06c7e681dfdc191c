"""Against `@copilotkit/aimock`, whose failures nobody here wrote. Each function is for every caller."""

from concurrent.futures import ThreadPoolExecutor

from failures import ask, ask_stream
from gateway import ANSWER, raised


def answered(caller, model):
    """Every request is answered, and well, whatever the first target does."""
    asks = [(ask, ask_stream)[number % 2] for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda way: way(caller, model)(), asks))
    assert answers == [ANSWER] * 10, answers


def lone(caller, model):
    """Without another target a failure is a failure, with a status and a word for it."""
    for way in (ask, ask_stream):
        try:
            answer = way(caller, model)()
        except caller.package.APIStatusError as error:
            assert error.status_code == 429 or error.status_code >= 500, error
            assert error.message and caller.word(error), error.body
            print(f"  {way.__name__}: {type(error).__name__} {error.status_code} {caller.word(error)}: {error.message}")
        else:
            raise AssertionError(f"an answer: {answer}")


def stubborn(caller, model):
    """With enough patience the package gets through what fails now and then."""
    for way in (ask, ask_stream):
        assert way(caller, model, max_retries=10)() == ANSWER


def refused_by_mock(caller, model):
    """A request that no fixture knows: the provider's 404 is not the gateway's."""
    unknown = lambda: caller.plain(caller.client(), model, "Nobody taught it this.")
    error = raised(caller.package.NotFoundError, unknown)
    assert "No fixture matched" in error.message, error.body


def reasoning(caller, model):
    """Thinking beside the answer does not get into it."""
    assert caller.plain(caller.client(), model, "Think hard.") == "Thought."
    assert "".join(caller.pieces(caller.client(), model, "Think hard.")) == "Thought."
