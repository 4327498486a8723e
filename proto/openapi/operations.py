"""operations.py - the paths: parameters, bodies and answers of each operation."""

import names
from descriptors import Kind, lower_camel

# What says how a call is made rather than what it does: in the query of every write, and there only.
CALL_OPTIONS = ("validate_only", "request_id")
PATH_SCHEMA = {"type": "string", "pattern": "^[a-z0-9-]{1,63}$"}
OBSERVATION = "dongkhoi.indicators.v1.Observation"
SDMX_CSV = ("application/vnd.sdmx.data+csv;version=2.0.0",
            "application/vnd.sdmx.data+csv;version=1.0.0")
TRACE_HEADERS = ("Server-Timing", "traceparent")
READ_HEADERS, PAGE_HEADERS = ("ETag",), ("ETag", "Link", "Next-Page-Token")
WRITE_HEADERS = ("Idempotency-Replayed",)
READ_PARAMETERS, WRITE_PARAMETERS = ("IfNoneMatch",), ("IdempotencyKey", "IfMatch")
CALL_PARAMETERS = ("RequestTimeout", "Traceparent", "AcceptLanguage")
# Which failures an operation can have (http_code_of() of the gateway); others are "default".
ALWAYS = ("400",)
OF_WRITES = ("409", "412", "422")
OF_LOAD = ("429", "503")


def component(kind, name):
    return {"$ref": f"#/components/{kind}/{name}"}


class Operations:
    """Makes one operation for each route."""

    def __init__(self, api, schemas, examples, resources):
        self.api = api
        self.schemas = schemas
        self.examples = examples
        self.resources = resources
        self.answers = {}  # components.examples
        self.ids = set()

    def paths(self):
        paths = {}
        for service in self.api.services:
            for method in service.methods:
                for route in method.routes:
                    path, parameters = names.read_path(self.resources, route)
                    operation = self._operation(method, route, parameters)
                    paths.setdefault(path, {})[route.verb] = operation
        return paths

    def _operation(self, method, route, path_parameters):
        name = names.method_of_route(method, route, self.resources)
        identifier = names.unique(names.operation_id(name), self.ids, "the operation")
        operation = {
            "operationId": identifier,
            "summary": names.summary(name),
            "description": method.comment,
            "tags": [method.service],
            "parameters": self._parameters(method, route, path_parameters),
        }
        if route.body:
            operation["requestBody"] = self._body(identifier, name, method, route)
        operation["responses"] = self._responses(method, route, path_parameters)
        return operation

    def _parameters(self, method, route, path_parameters):
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": PATH_SCHEMA,
             "example": self.examples.id(name)}
            for name in path_parameters
        ]
        bound = {*names.bound_fields(route), route.body}
        for field in method.input.fields:
            is_elsewhere = field.name in bound or route.body == "*"
            if self.schemas.fits_query(field) and (not is_elsewhere or field.name in CALL_OPTIONS):
                parameters.append(self._query_parameter(method.input, field))
        of_kind = READ_PARAMETERS if route.verb == "get" else WRITE_PARAMETERS
        return parameters + [component("parameters", name) for name in (*of_kind, *CALL_PARAMETERS)]

    def _query_parameter(self, message, field):
        parameter = {"name": field.json_name, "in": "query"}
        if field.comment:
            parameter["description"] = field.comment
        if field.is_required:
            parameter["required"] = True
        parameter["schema"] = self.schemas.field(field, in_query=True)
        if field.is_required:
            parameter["example"] = self.examples.parameter(message, field)
        return parameter

    def _body(self, identifier, name, method, route):
        is_required = True
        if route.body == "*":
            left_out = (*names.bound_fields(route), *CALL_OPTIONS)
            schema = self.schemas.body(f"{name}Body", method.input, left_out)
            example = self.examples.request(identifier, method.input, left_out)
            is_required = any(field.is_required and field.name not in left_out
                              for field in method.input.fields)
        else:
            resource = self.api.messages[method.input.field(route.body).type_name]
            is_update = route.verb == "patch"
            schema = self.schemas.reference(resource.name, is_update)
            example = (self.examples.change(identifier, resource) if is_update
                       else self.examples.request(identifier, resource, ()))
        content = {"application/json": {"schema": schema, "example": example}}
        return {"required": is_required, "content": content}

    def _content(self, output):
        items = self.api.items(output)
        key = self.schemas.names.get(output.name, "Empty")
        self.answers.setdefault(key, {"value": self.examples.answer(output)})
        content = {"application/json": {
            "schema": self.schemas.reference(output.name),
            "examples": {lower_camel(key[0].lower() + key[1:]): component("examples", key)},
        }}
        if items is not None:
            is_sdmx = items.type_name == OBSERVATION
            for form in ("text/csv", *(SDMX_CSV if is_sdmx else ())):
                content[form] = {"schema": {"type": "string"}}
        return content

    def _responses(self, method, route, path_parameters):
        is_read = route.verb == "get"
        is_page = self.api.items(method.output) is not None
        headers = PAGE_HEADERS if is_page else READ_HEADERS if is_read else WRITE_HEADERS
        responses = {"200": {
            "description": "The answer",
            "headers": {name: component("headers", name) for name in (*headers, *TRACE_HEADERS)},
            "content": self._content(method.output),
        }}
        if is_read:
            responses["304"] = component("responses", "NotModified")
        codes = [*ALWAYS, *(() if is_read else OF_WRITES), *OF_LOAD]
        if path_parameters or names_resources(method):
            codes.append("404")
        for code in sorted(codes):
            responses[code] = component("responses", RESPONSE_NAMES[code])
        responses["default"] = component("responses", "Error")
        return responses


RESPONSE_NAMES = {
    "400": "BadRequest", "404": "NotFound", "409": "Conflict", "412": "PreconditionFailed",
    "422": "IdempotencyKeyReused", "429": "TooManyRequests", "503": "Unavailable",
}


def names_resources(method):
    """Whether the request asks for things that may not be there, though the path has none."""
    names_field = method.input.field("names")
    return " NOT_FOUND " in f" {method.comment} " or (
        names_field is not None and names_field.kind == Kind.TYPE_STRING)
