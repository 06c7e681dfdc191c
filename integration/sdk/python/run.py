"""Runs one function of these scripts for each model: `run.py plain openai/gpt-5-mini`.

Where the gateway is and the key are in the environment, under the names that the official package reads by itself.
"""

import faulthandler
import sys

import aimock
import content
import failures
import streams
import tools

# Nothing here takes so long: whatever hangs is shown.
faulthandler.dump_traceback_later(90, exit=True)

name, *models = sys.argv[1:]
for module in (aimock, content, failures, streams, tools):
    if function := getattr(module, name, None):
        break
else:
    sys.exit(f"no function {name}")
for model in models:
    print(f"{name}({model!r})", flush=True)
    function(model)
