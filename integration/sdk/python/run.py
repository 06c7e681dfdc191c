"""Runs functions of these scripts for each model: `run.py plain,streamed openai/gpt-5-mini`.

Where the gateway is and the key are in the environment, under the names that the official package reads by itself.
"""

import faulthandler
import sys

import aimock
import content
import failures
import streams
import tools

functions = {}
for module in (aimock, content, failures, streams, tools):
    functions |= {name: member for name, member in vars(module).items() if callable(member)}

names, *models = sys.argv[1:]
for name in names.split(","):
    for model in models:
        print(f"{name}({model!r})", flush=True)
        # Nothing here takes so long: whatever hangs is shown.
        faulthandler.dump_traceback_later(90, exit=True)
        functions[name](model)
