"""names.py - names of schemas, operations and path parameters as a person would choose them."""

import collections
import re

from descriptors import lower_camel

# The programs' own calls have no routes, and no schemas.
INTERNAL_PACKAGE = "dongkhoi.rpc."
# Nouns that take no "a" in front.
UNCOUNTABLE = {"contributions", "evidence", "overdue", "progress"}
PATH_VARIABLE = re.compile(r"{([^}=]+)(?:=([^}]*))?}")


class NameClash(Exception):
    """Two things would have one name: one of them needs another name in its .proto file."""


def unique(name, taken, what):
    if name in taken:
        raise NameClash(f"{what} {name} is there twice")
    taken.add(name)
    return name


def noun_of(service_name):
    """"NightEconomy" of "NightEconomyService"."""
    return service_name.removesuffix("Service")


def schema_names(api):
    """Full names to short ones. What several packages have is told apart by the service's noun:
    ClusterInput and IndicatorInput, ListClusterRevisionsResponse."""
    nouns = {service.name.rsplit(".", 1)[0]: noun_of(service.short_name)
             for service in api.services}
    types = [each for each in [*api.messages.values(), *api.enums.values()]
             if not each.package.startswith(INTERNAL_PACKAGE)]
    short = {each.name: each.name.removeprefix(each.package + ".").replace(".", "")
             for each in types if each.package in nouns or each.package == "dongkhoi.type.v1"}
    counts = collections.Counter(short.values())
    names, taken = {}, set()
    for each in types:
        name = short.get(each.name)
        if name is None:
            continue
        if counts[name] > 1:
            verb = "List" if name.startswith("List") else ""
            noun = nouns.get(each.package, "")
            name = f"{verb}{noun}{name.removeprefix(verb).removeprefix('Resource')}"
        names[each.name] = unique(name, taken, "the schema")
    return names


def pattern_with_stars(pattern):
    return re.sub(r"{[^}]*}", "*", pattern)


class Resources:
    """The resources of the API by the shape of their names: "clusters/*/investments/*"."""

    def __init__(self, api):
        self.by_shape = {}
        for message in api.messages.values():
            if message.pattern:
                self.by_shape.setdefault(pattern_with_stars(message.pattern), message)

    def of_route(self, route):
        """The resource whose name the path binds; None when it binds none."""
        for _, template in PATH_VARIABLE.findall(route.path):
            if template in self.by_shape:
                return self.by_shape[template]
        return None

    def variable(self, shape):
        """What the last id of such a name is called: "investment"."""
        message = self.by_shape.get(shape)
        found = re.findall(r"{([^}]*)}", message.pattern) if message else ["id"]
        return lower_camel(found[-1])


def read_path(resources, route):
    """The path with a parameter for each id, and their names:
    "/v1/clusters/{cluster}:advance", ["cluster"]."""
    parameters = []

    def parameter(shape):
        name = resources.variable(shape)
        parameters.append(unique(name, set(parameters), f"{route.path}: the parameter"))
        return f"{{{name}}}"

    def expand(match):
        shape, parts = "", []
        for segment in (match.group(2) or "*").split("/"):
            shape = f"{shape}/{segment}" if shape else segment
            parts.append(parameter(shape) if segment == "*" else segment)
        return "/".join(parts)

    path = PATH_VARIABLE.sub(expand, route.path)
    return path, parameters


def bound_fields(route):
    """The fields of the request that the path has: "name", "cluster.name"."""
    return [field for field, _ in PATH_VARIABLE.findall(route.path)]


def split(name):
    """"SelfAssessRegistration" as ["Self", "Assess", "Registration"]."""
    return re.findall(r"[A-Z][a-z0-9]*", name)


def method_of_route(method, route, resources):
    """The method's name; of a method with several routes with the resource of this one in it:
    ListInvestmentRevisions."""
    if len(method.routes) == 1:
        return method.name
    verb, *rest = split(method.name)
    resource = resources.of_route(route)
    noun = resource.name.rsplit(".", 1)[1] if resource else ""
    return f"{verb}{noun}{''.join(rest)}"


def operation_id(name):
    return name[0].lower() + name[1:]


def summary(name):
    """"Get a cluster", "Create reports in one batch", "Self-assess a registration"."""
    verb, *nouns = split(name)
    if verb == "Batch":
        return f"{nouns[0]} {' '.join(nouns[1:]).lower()} in one batch"
    if verb == "Self":
        verb, nouns = f"Self-{nouns[0].lower()}", nouns[1:]
    noun = " ".join(nouns).lower()
    is_many = verb in ("List", "Summarize", "Count") or noun in UNCOUNTABLE
    article = "" if is_many else "an " if noun[0] in "aeiou" else "a "
    return f"{verb} {article}{noun}"
