"""Runs functions of these scripts, each for a model: `run.py plain=openai/gpt-5-mini messages.streamed=openai/gpt-5-mini`.

A name without a caller is of chat. Where the gateway is and the key are in the environment, under the names that the
official packages read by themselves.
"""

import faulthandler
import sys
import traceback
from functools import partial

import aimock
import completions
import content
import embeddings
import failures
import passing
import responses
import streams
import tools
from callers import CALLERS

OWN = {
    "chat": (content, streams, tools),
    "responses": (responses,),
    "completions": (completions,),
    "embeddings": (embeddings,),
    "passing": (passing,),
}


def known(caller):
    """The caller and its own modules; those of Anthropic's package take their time and are not always needed."""
    if caller == "messages":
        import messages

        return messages.Caller, (messages,)
    return CALLERS.get(caller), OWN[caller]


def function(name):
    """A function of the caller's own, or one of every caller."""
    caller, _, name = name.rpartition(".")
    caller, modules = known(caller or "chat")
    for module in modules:
        if own := vars(module).get(name):
            return own
    return partial(vars(failures).get(name) or vars(aimock)[name], caller)


failed = False
for asked in sys.argv[1:]:
    name, model = asked.split("=", 1)
    print(asked, flush=True)
    # Nothing here takes so long: whatever hangs is shown.
    faulthandler.dump_traceback_later(90, exit=True)
    try:
        function(name)(model)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        failed = True
sys.exit(failed)
