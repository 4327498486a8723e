#!/usr/bin/python3
"""generate.py - the OpenAPI 3.1 document of all routes, from the FileDescriptorSet.

usage: generate.py API.binpb MODULES OUTPUT.json

MODULES is the folder into which protoc --python_out wrote the annotations of google.api. Writes
OUTPUT.json and, compressed, OUTPUT.json.gz; the same input gives the same bytes.
"""

import gzip
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


def make(api):
    """The document as Python objects."""
    import names
    from examples import Examples
    from operations import Operations
    from schemas import Schemas

    document = json.loads((HERE / "frame.json").read_text(encoding="utf-8"))
    short = names.schema_names(api)
    schemas = Schemas(api, short)
    examples = Examples(api, short, json.loads((HERE / "examples.json").read_text(encoding="utf-8")))
    operations = Operations(api, schemas, examples, names.Resources(api))

    document["paths"] = {**operations.paths(), **document["paths"]}
    document["tags"] = [
        *({"name": service.short_name, "description": service.comment} for service in api.services),
        *document["tags"],
    ]
    components = document["components"]
    components["schemas"] = {**dict(sorted(schemas.components.items())), **components["schemas"]}
    components["examples"] = {**dict(sorted(operations.answers.items())), **components["examples"]}
    return document


def main(descriptor_set, modules, output):
    sys.path.append(modules)
    from descriptors import Api

    document = make(Api(Path(descriptor_set).read_bytes()))
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    Path(output).write_bytes(text)
    Path(f"{output}.gz").write_bytes(gzip.compress(text, 9, mtime=0))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
