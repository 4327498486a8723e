"""examples.py - an example for each request and answer, from examples.json and the comments.

A value is, in this order: that of examples.json for the field ("Cluster.district", else "district"),
what the comment gives ('such as "…"', a pattern like "clusters/{cluster}", a day), the first value
of an enum that says something, or a plain value of the type.
"""

import re

from bounds import bounds, is_day
from descriptors import Kind
from schemas import SCALARS

SUCH_AS = re.compile(r'such as "([^"]+)"')
NAME_PATTERN = re.compile(r'"((?:[a-z][A-Za-z]*/\{[a-z_]+\}/?)+)"')
DEPTH_MAX = 8

WELL_KNOWN = {
    "google.protobuf.Timestamp": "2022-03-25T01:30:00Z",
    "google.protobuf.Duration": "3600s",
    "google.protobuf.FieldMask": "note",
    "google.protobuf.Empty": {},
    "google.protobuf.DoubleValue": 12.5,
    "google.protobuf.FloatValue": 12.5,
    "google.protobuf.Int64Value": "120",
    "google.protobuf.UInt64Value": "120",
    "google.protobuf.Int32Value": 2,
    "google.protobuf.UInt32Value": 2,
    "google.protobuf.BoolValue": True,
    "google.protobuf.StringValue": "example",
    "google.protobuf.BytesValue": "",
}


class Examples:
    """data has "ids" by the names of path parameters, "fields", and "requests" by operation."""

    def __init__(self, api, names, data):
        self.api = api
        self.names = names
        self.ids = data["ids"]
        self.fields = data["fields"]
        self.requests = data["requests"]

    def id(self, parameter):
        return self.ids.get(parameter, f"{parameter.lower().replace('_', '-')}-1")

    def name(self, pattern):
        return re.sub(r"{([^}]*)}", lambda match: self.id(match.group(1)), pattern)

    def parameter(self, message, field):
        return self._field(message, field, True, 0)

    def request(self, operation_name, message, left_out):
        """A body with what is required, or what examples.json says."""
        if operation_name in self.requests:
            return self.requests[operation_name]
        return {field.json_name: self._field(message, field, True, 0) for field in message.fields
                if field.is_required and field.name not in left_out}

    def change(self, operation_name, message):
        """A body that changes one thing of a resource."""
        if operation_name in self.requests:
            return self.requests[operation_name]
        for name in ("note", "source", "display_name"):
            field = message.field(name)
            if field is not None:
                return {field.json_name: self._field(message, field, True, 0)}
        return self.request(operation_name, message, ())

    def answer(self, message, depth=0):
        result, oneofs = {}, set()
        if message.name in WELL_KNOWN:
            return WELL_KNOWN[message.name]
        for field in message.fields:
            if field.oneof is not None and field.oneof in oneofs:
                continue
            oneofs.add(field.oneof)
            if not field.is_input_only:
                result[field.json_name] = self._field(message, field, False, depth)
        return result

    def _required(self, message, depth):
        fields = [field for field in message.fields
                  if field.is_required or field.name in ("date", "authority")
                  and not message.pattern and message.name.startswith("dongkhoi.type.")]
        return {field.json_name: self._field(message, field, True, depth) for field in fields}

    def _field(self, message, field, is_request, depth):
        short = self.names.get(message.name, "")
        given = self.fields.get(f"{short}.{field.json_name}", self.fields.get(field.json_name))
        if given is not None:
            return given
        value = self._value(message, field, is_request, depth + 1)
        if self.api.is_map(field):
            return {"plant": value}
        return [value] if field.is_repeated else value

    def _value(self, message, field, is_request, depth):
        if depth > DEPTH_MAX:
            raise RecursionError(f"{message.name}.{field.name} has itself in it")
        if field.kind == Kind.TYPE_STRING:
            return self._text(message, field)
        if field.kind == Kind.TYPE_ENUM:
            values = [name for name, _ in self.api.enums[field.type_name].values]
            return values[1] if len(values) > 1 else values[0]
        if field.type_name == "google.protobuf.Any":
            return {"@type": "type.googleapis.com/dongkhoi.clusters.v1.Cluster",
                    "name": self.name("clusters/{cluster}")}
        if field.type_name in WELL_KNOWN:
            return WELL_KNOWN[field.type_name]
        if field.kind == Kind.TYPE_MESSAGE:
            nested = self.api.messages[field.type_name]
            if nested.is_map_entry:
                return self._value(nested, nested.field("value"), is_request, depth)
            return self._required(nested, depth) if is_request else self.answer(nested, depth)
        least = bounds(field).get("minimum")
        plain = {"boolean": True, "string": "1", "integer": 1, "number": 12.5}
        return least if least is not None else plain[SCALARS[field.kind]["type"]]

    def _text(self, message, field):
        if field.name == "name" and message.pattern:
            return self.name(message.pattern)
        such_as = SUCH_AS.search(field.comment)
        if such_as:
            return such_as.group(1)
        pattern = NAME_PATTERN.search(field.comment)
        if pattern:
            return self.name(pattern.group(1))
        if is_day(field.comment) or '"YYYY-MM-DD"' in field.comment:
            return "2022-03-25"
        if '"YYYY-MM"' in field.comment:
            return "2022-12"
        # What may be empty, and has no better example, is.
        return "example" if field.is_required else ""
