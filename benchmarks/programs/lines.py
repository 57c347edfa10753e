"""Read a file of JSON lines, and write its records again: what any tool would do with it at least.

python lines.py FILE           {"loads": ns, "dumps": ns}: of CPU
"""

import json
import sys
from pathlib import Path
from time import process_time_ns as clock

loads = dumps = 0
with Path(sys.argv[1]).open(encoding="utf-8") as lines:
    while chunk := lines.readlines(10_000_000):
        began = clock()
        records = [json.loads(line) for line in chunk]
        read = clock()
        for record in records:
            json.dumps(record)
        loads += read - began
        dumps += clock() - read
print(json.dumps({"loads": loads, "dumps": dumps}))  # noqa: T201 - what it is there for
