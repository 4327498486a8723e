"""starved_methods_test.py TABLE FOLDER - fails when a method of the table was not starved.

TABLE is the source of a service's table of methods; FOLDER is where its starved tests wrote the
methods that they called (starved.c).
"""

import pathlib
import re
import sys

table, folder = (pathlib.Path(argument) for argument in sys.argv[1:])
methods = set(re.findall(r'\{"(\w+)", METHOD_', table.read_text(encoding="utf-8")))
starved = {
    line.rpartition("/")[2]
    for file in folder.glob("*.starved")
    for line in file.read_text(encoding="utf-8").split()
}
if not methods:
    sys.exit(f"{table} has no method")
if methods - starved:
    sys.exit(f"never called with too little memory: {', '.join(sorted(methods - starved))}")
print(f"{len(methods)} methods were called with too little memory")
