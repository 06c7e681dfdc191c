"""Runs functions of these scripts, each for a model: `run.py plain=openai/gpt-5-mini messages.streamed=openai/gpt-5-mini`.

A name without a caller is of chat. Where the gateway is and the key are in the environment, under the names that the
official packages read by themselves.
"""

import faulthandler
import sys
import traceback
from functools import partial

import aimock
import content
import failures
import messages
import responses
import streams
import tools
from callers import CALLERS

OWN = {"chat": (content, streams, tools), "messages": (messages,), "responses": (responses,)}


def function(name):
    """A function of the caller's own, or one of every caller."""
    caller, _, name = name.rpartition(".")
    for module in OWN[caller or "chat"]:
        if own := vars(module).get(name):
            return own
    common = vars(failures).get(name) or vars(aimock)[name]
    return partial(common, CALLERS[caller or "chat"])


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
