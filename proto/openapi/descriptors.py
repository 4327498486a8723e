"""descriptors.py - the FileDescriptorSet as Python objects: comments, routes, behaviours, patterns.

The options of google.api are extensions: importing the modules that protoc --python_out writes of
them registers these before the set is read, so that they are fields and not unknown bytes.
"""

import dataclasses
import re

from google.protobuf import descriptor_pb2
from google.api import annotations_pb2, field_behavior_pb2, resource_pb2

try:
    from dongkhoi.type.v1 import rules_pb2
except ImportError:  # the protos have no rules of their own
    rules_pb2 = None

Kind = descriptor_pb2.FieldDescriptorProto
VERBS = ("get", "put", "post", "delete", "patch")
# Numbers of the fields in descriptor.proto, of which the paths in source info consist.
FILE_MESSAGES, FILE_ENUMS, FILE_SERVICES = 4, 5, 6
MESSAGE_FIELDS, MESSAGE_MESSAGES, MESSAGE_ENUMS = 2, 3, 4
ENUM_VALUES = SERVICE_METHODS = 2
# Of these the words are field names as filters have them, not as JSON does.
KEEP_SNAKE_CASE = {"filter", "order_by"}


@dataclasses.dataclass
class Field:
    name: str
    json_name: str
    comment: str
    kind: int
    type_name: str  # of a message or enum, else ""
    is_repeated: bool
    oneof: int | None
    behaviors: set
    rules: object = None  # a dongkhoi.type.v1.FieldRules

    @property
    def is_required(self):
        return field_behavior_pb2.REQUIRED in self.behaviors

    @property
    def is_output_only(self):
        return field_behavior_pb2.OUTPUT_ONLY in self.behaviors

    @property
    def is_input_only(self):
        return field_behavior_pb2.INPUT_ONLY in self.behaviors


@dataclasses.dataclass
class Message:
    name: str
    package: str
    comment: str
    fields: list
    pattern: str  # "clusters/{cluster}"; "" when it is no resource
    is_map_entry: bool

    def field(self, name):
        return next((field for field in self.fields if field.name == name), None)


@dataclasses.dataclass
class Enum:
    name: str
    package: str
    comment: str
    values: list  # pairs of name and comment


@dataclasses.dataclass
class Route:
    verb: str
    path: str
    body: str  # "" none, "*" all, else a field


@dataclasses.dataclass
class Method:
    name: str
    service: str  # "ClusterService"
    comment: str
    input: Message
    output: Message
    routes: list


@dataclasses.dataclass
class Service:
    name: str  # "dongkhoi.clusters.v1.ClusterService"
    comment: str
    methods: list

    @property
    def short_name(self):
        return self.name.rsplit(".", 1)[1]


def lower_camel(name):
    return re.sub(r"_+([a-z0-9])", lambda match: match.group(1).upper(), name)


def unwrapped(comment, keeps_snake_case=False):
    """A comment as paragraphs of one line, with fields named as they are in JSON."""
    paragraphs = re.split(r"\n[ ]*\n", comment.strip())
    text = "\n\n".join(re.sub(r"\s*\n\s*", " ", paragraph).strip() for paragraph in paragraphs)
    if keeps_snake_case:
        return text
    return re.sub(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b", lambda m: lower_camel(m.group()), text)


class Api:
    """All messages, enums and services of a set, by full name."""

    def __init__(self, data):
        self.messages, self.enums, self.services = {}, {}, []
        files = descriptor_pb2.FileDescriptorSet.FromString(data).file
        for file in files:
            comments = {
                tuple(place.path): place.leading_comments
                for place in file.source_code_info.location
                if place.leading_comments
            }
            self._read_types(file, comments)
        for file in files:
            self._read_services(file)
        self.services.sort(key=lambda service: service.name)

    def _read_types(self, file, comments):
        self._comments = comments
        for index, message in enumerate(file.message_type):
            self._read_message(file.package, file.package, message, (FILE_MESSAGES, index))
        for index, enum in enumerate(file.enum_type):
            self._read_enum(file.package, file.package, enum, (FILE_ENUMS, index))

    def _comment(self, *path, keeps_snake_case=False):
        return unwrapped(self._comments.get(path, ""), keeps_snake_case)

    def _read_message(self, package, scope, message, path):
        full_name = f"{scope}.{message.name}"
        fields = []
        for index, field in enumerate(message.field):
            comment = self._comment(*path, MESSAGE_FIELDS, index,
                                    keeps_snake_case=field.name in KEEP_SNAKE_CASE)
            fields.append(Field(
                name=field.name, json_name=field.json_name or lower_camel(field.name),
                comment=comment, kind=field.type, type_name=field.type_name.lstrip("."),
                is_repeated=field.label == Kind.LABEL_REPEATED,
                oneof=field.oneof_index if field.HasField("oneof_index") else None,
                behaviors=set(field.options.Extensions[field_behavior_pb2.field_behavior]),
                rules=rules_of(field.options),
            ))
        resource = message.options.Extensions[resource_pb2.resource]
        self.messages[full_name] = Message(
            full_name, package, self._comment(*path), fields,
            resource.pattern[0] if resource.pattern else "", message.options.map_entry,
        )
        for index, nested in enumerate(message.nested_type):
            self._read_message(package, full_name, nested, (*path, MESSAGE_MESSAGES, index))
        for index, nested in enumerate(message.enum_type):
            self._read_enum(package, full_name, nested, (*path, MESSAGE_ENUMS, index))

    def _read_enum(self, package, scope, enum, path):
        values = [(value.name, self._comment(*path, ENUM_VALUES, index))
                  for index, value in enumerate(enum.value)]
        full_name = f"{scope}.{enum.name}"
        self.enums[full_name] = Enum(full_name, package, self._comment(*path), values)

    def _read_services(self, file):
        comments = {tuple(place.path): place.leading_comments
                    for place in file.source_code_info.location}
        for number, service in enumerate(file.service):
            path = (FILE_SERVICES, number)
            methods = []
            for index, method in enumerate(service.method):
                routes = routes_of(method)
                if routes:
                    methods.append(Method(
                        method.name, service.name,
                        unwrapped(comments.get((*path, SERVICE_METHODS, index), "")),
                        self.messages[method.input_type.lstrip(".")],
                        self.messages[method.output_type.lstrip(".")], routes,
                    ))
            if methods:
                self.services.append(Service(f"{file.package}.{service.name}",
                                             unwrapped(comments.get(path, "")), methods))

    def is_map(self, field):
        message = self.messages.get(field.type_name)
        return field.is_repeated and message is not None and message.is_map_entry

    def items(self, message):
        """The field with the items of a page: a list can be had as a table. None for others."""
        cursors = [message.field(name) for name in ("next_page_token", "next_cursor")]
        if not any(field and field.kind == Kind.TYPE_STRING and not field.is_repeated
                   for field in cursors):
            return None
        lists = [field for field in message.fields
                 if field.is_repeated and field.kind == Kind.TYPE_MESSAGE and not self.is_map(field)]
        return lists[0] if len(lists) == 1 else None


def rules_of(options):
    if rules_pb2 is None or not options.HasExtension(rules_pb2.rules):
        return None
    return options.Extensions[rules_pb2.rules]


def routes_of(method):
    """The first binding and the additional ones; none for what only programs call."""
    rule = method.options.Extensions[annotations_pb2.http]
    routes = []
    for binding in [rule, *rule.additional_bindings]:
        verb = binding.WhichOneof("pattern")
        if verb in VERBS:
            routes.append(Route(verb, getattr(binding, verb), binding.body))
    return routes
