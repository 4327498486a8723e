"""schemas.py - JSON schemas of messages, fields and enums, as common/pb/json.h reads and writes them.

A resource is one schema, for bodies and answers alike, so that what was read can be sent back. What
is required of it stands beside each reference: an update may leave out what it does not change, and
refers to the same schema without these words.
"""

from bounds import bounds
from descriptors import Kind

INT32 = {"type": "integer", "format": "int32"}
UINT32 = {"type": "integer", "format": "uint32", "minimum": 0}
INT64 = {"type": "string", "format": "int64"}
UINT64 = {"type": "string", "format": "uint64"}
SCALARS = {
    Kind.TYPE_INT32: INT32, Kind.TYPE_SINT32: INT32, Kind.TYPE_SFIXED32: INT32,
    Kind.TYPE_UINT32: UINT32, Kind.TYPE_FIXED32: UINT32,
    Kind.TYPE_INT64: INT64, Kind.TYPE_SINT64: INT64, Kind.TYPE_SFIXED64: INT64,
    Kind.TYPE_UINT64: UINT64, Kind.TYPE_FIXED64: UINT64,
    Kind.TYPE_FLOAT: {"type": "number", "format": "float"},
    Kind.TYPE_DOUBLE: {"type": "number", "format": "double"},
    Kind.TYPE_BOOL: {"type": "boolean"},
    Kind.TYPE_STRING: {"type": "string"},
    Kind.TYPE_BYTES: {"type": "string", "format": "byte"},
}
# Messages that JSON has a form of its own for.
WELL_KNOWN = {
    "Timestamp": {"type": "string", "format": "date-time"},
    "Duration": {"type": "string", "pattern": "^-?[0-9]+([.][0-9]{1,9})?s$"},
    "FieldMask": {"type": "string"},
    "Empty": {"type": "object"},
    # Beside it stand the fields of the message that it holds.
    "Any": {"type": "object", "properties": {"@type": {"type": "string"}}, "required": ["@type"],
            "additionalProperties": True},
    "DoubleValue": {"type": ["number", "null"], "format": "double"},
    "FloatValue": {"type": ["number", "null"], "format": "float"},
    "Int64Value": {"type": ["string", "null"], "format": "int64"},
    "UInt64Value": {"type": ["string", "null"], "format": "uint64"},
    "Int32Value": {"type": ["integer", "null"], "format": "int32"},
    "UInt32Value": {"type": ["integer", "null"], "format": "uint32"},
    "BoolValue": {"type": ["boolean", "null"]},
    "StringValue": {"type": ["string", "null"]},
    "BytesValue": {"type": ["string", "null"], "format": "byte"},
}


def well_known(name):
    package, _, short = name.rpartition(".")
    return WELL_KNOWN.get(short) if package == "google.protobuf" else None


def required_of(message, left_out=()):
    return [field.json_name for field in message.fields
            if field.is_required and field.name not in left_out]


class Schemas:
    """The components that were referred to, which grow while the document is made."""

    def __init__(self, api, names):
        self.api = api
        self.names = names
        self.components = {}

    def fits_query(self, field):
        """Whether values of this field can stand in a URL."""
        return field.kind != Kind.TYPE_MESSAGE or (
            not field.is_repeated and well_known(field.type_name) is not None)

    def reference(self, name, is_update=False):
        """The schema of a message or enum: a $ref, except where JSON has another form for it."""
        members = well_known(name)
        if members is not None:
            return dict(members)
        short = self.names[name]
        if short not in self.components:
            self.components[short] = {}  # it may refer to itself
            self.components[short] = (self._enum(self.api.enums[name]) if name in self.api.enums
                                      else self.object(self.api.messages[name]))
        message = self.api.messages.get(name)
        required = required_of(message) if message and message.pattern and not is_update else []
        reference = {"$ref": f"#/components/schemas/{short}"}
        return {**reference, "required": required} if required else reference

    def body(self, name, message, left_out):
        """The rest of a request when the path and the query have the fields left_out."""
        self.components[name] = self.object(message, left_out)
        return {"$ref": f"#/components/schemas/{name}"}

    def object(self, message, left_out=()):
        schema = {"type": "object"}
        if message.comment:
            schema["description"] = message.comment
        required = [] if message.pattern else required_of(message, left_out)
        if required:
            schema["required"] = required
        schema["properties"] = {field.json_name: self.field(field) for field in message.fields
                                if field.name not in left_out}
        return schema

    def _value(self, field):
        if field.kind in (Kind.TYPE_MESSAGE, Kind.TYPE_ENUM):
            return self.reference(field.type_name)
        return dict(SCALARS[field.kind])

    def field(self, field, in_query=False):
        if self.api.is_map(field):
            entry = self.api.messages[field.type_name]
            schema = {"type": "object", "additionalProperties": self.field(entry.field("value"))}
        elif field.is_repeated:
            schema = {"type": "array", "items": {**self._value(field), **bounds(field, in_query)}}
        else:
            schema = {**self._value(field), **bounds(field, in_query)}
        if in_query:  # the parameter has the description
            return schema
        if field.comment:
            schema["description"] = field.comment
        if field.is_output_only:
            schema["readOnly"] = True
        if field.is_input_only:
            schema["writeOnly"] = True
        return schema

    def _enum(self, enum):
        lines = [enum.comment] if enum.comment else []
        lines += [f"- {name}: {comment}" for name, comment in enum.values if comment]
        schema = {"type": "string"}
        if lines:
            schema["description"] = "\n".join(lines)
        schema["enum"] = [name for name, _ in enum.values]
        return schema
