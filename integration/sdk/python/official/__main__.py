import json
import sys
from collections import Counter

from pydantic import ValidationError

from . import answers, requests

JUDGES = {
    "answer": answers.answer,
    "stream": answers.stream,
    "broken stream": answers.broken_stream,
    "error": answers.error,
    "request": requests.request,
}


def words(error: Exception) -> str:
    """What is wrong; of the members of a union only those that fit best."""
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    faults = error.errors(include_url=False)
    deepest = max(len(fault["loc"]) for fault in faults)
    told = [fault for fault in faults if len(fault["loc"]) == deepest][:3]
    return "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}: {f['input']!r:.200}" for f in told)


failures, judged = [], Counter()
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        written = json.loads(line)
        judged[f"{written['api']} {written['kind']}"] += 1
        try:
            JUDGES[written["kind"]](written["api"], written["text"])
        except Exception as error:
            failures.append(f"{written['api']} {written['kind']} {written['of']}: {words(error)}")

print(", ".join(f"{count} of {kind}" for kind, count in sorted(judged.items())))
if failures:
    sys.exit("\n".join([f"{len(failures)} are not of the official types", *failures]))
