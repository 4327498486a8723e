"""Checks the OpenAPI document: valid schemas, references that lead somewhere, every route."""

import json
import re
import subprocess
import sys
import unittest

import jsonschema

PROTO = sys.argv[2]
DOCUMENT = json.loads(subprocess.run([sys.argv[1]], check=True, capture_output=True).stdout)
VERBS = {"get", "post", "put", "patch", "delete"}


def operations():
    for path, item in DOCUMENT["paths"].items():
        for verb, operation in item.items():
            yield path, verb, operation


def walk(value):
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    for child in children:
        yield from walk(child)


def resolve(reference):
    value = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


class Document(unittest.TestCase):
    def test_the_top_is_that_of_openapi_3_1(self):
        self.assertEqual(DOCUMENT["openapi"], "3.1.0")
        self.assertLessEqual({"title", "version"}, DOCUMENT["info"].keys())

    def test_every_reference_leads_somewhere(self):
        references = [v["$ref"] for v in walk(DOCUMENT) if isinstance(v, dict) and "$ref" in v]
        self.assertGreater(len(references), 100)
        for reference in references:
            self.assertTrue(resolve(reference), reference)

    def test_every_schema_is_a_json_schema(self):
        for name, schema in DOCUMENT["components"]["schemas"].items():
            self.assertRegex(name, r"^[a-zA-Z0-9._-]+$")
            jsonschema.Draft202012Validator.check_schema(schema)
        for value in walk(DOCUMENT["paths"]):
            if isinstance(value, dict) and isinstance(value.get("schema"), dict):
                jsonschema.Draft202012Validator.check_schema(value["schema"])

    def test_lists_say_in_which_forms_they_can_be_had(self):
        def forms(path):
            return set(DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"])

        sdmx = "application/vnd.sdmx.data+csv;version="
        self.assertEqual(forms("/v1/clusters"), {"application/json", "text/csv"})
        self.assertEqual(forms("/v1/clusters/{cluster}"), {"application/json"})
        self.assertEqual(
            forms("/v1/indicators/{indicator}/observations"),
            {"application/json", "text/csv", sdmx + "2.0.0", sdmx + "1.0.0"},
        )
        self.assertEqual(forms("/"), {"text/html"})

    def test_every_operation_has_an_id_of_its_own(self):
        ids = [operation["operationId"] for _, _, operation in operations()]
        self.assertEqual(len(ids), len(set(ids)))

    def test_every_operation_has_responses_and_its_verb(self):
        for path, verb, operation in operations():
            self.assertIn(verb, VERBS)
            self.assertTrue(operation["responses"], path)

    def test_path_parameters_are_those_of_the_path(self):
        for path, verb, operation in operations():
            parameters = [p for p in operation.get("parameters", []) if "name" in p]
            names = [(p["name"], p["in"]) for p in parameters]
            self.assertEqual(len(names), len(set(names)), path)
            self.assertEqual(
                set(re.findall(r"{([^}]*)}", path)),
                {p["name"] for p in parameters if p["in"] == "path" and p["required"]},
                f"{verb} {path}",
            )

    def test_every_route_of_the_protos_is_there(self):
        documented = {(v, re.sub(r"{[^}]*}", "*", p)) for p, v, _ in operations()}
        routes = set()
        for package in ("clusters", "indicators"):
            with open(f"{PROTO}/dongkhoi/{package}/v1/{package}.proto", encoding="utf-8") as file:
                text = file.read()
            for verb, path in re.findall(r'\b(get|post|put|patch|delete): "(/v1[^"]*)"', text):
                path = re.sub(r"{[^=}]*=([^}]*)}", r"\1", path)
                routes.add((verb, re.sub(r"{[^}]*}", "*", path)))
        self.assertGreater(len(routes), 30)
        self.assertEqual(routes - documented, set())

    def test_names_of_path_parameters_come_from_the_resources(self):
        self.assertIn("/v1/clusters/{cluster}/investments/{investment}:advance", DOCUMENT["paths"])
        self.assertIn("/v1/indicators/{indicator}/progress", DOCUMENT["paths"])

    def test_a_resource_says_what_is_required_read_only_and_null(self):
        cluster = DOCUMENT["components"]["schemas"]["dongkhoi.clusters.v1.Cluster"]
        properties = cluster["properties"]
        self.assertIn("displayName", cluster["required"])
        self.assertTrue(properties["uid"]["readOnly"])
        self.assertEqual(properties["createTime"]["format"], "date-time")
        self.assertEqual(properties["areaHectares"]["type"], ["number", "null"])
        self.assertIn("hectares", properties["areaHectares"]["description"])
        stages = DOCUMENT["components"]["schemas"]["dongkhoi.clusters.v1.Cluster.Stage"]
        self.assertIn("ESTABLISHED", stages["enum"])

    def test_a_body_leaves_out_what_the_path_says(self):
        advance = DOCUMENT["paths"]["/v1/clusters/{cluster}:advance"]["post"]
        schema = advance["requestBody"]["content"]["application/json"]["schema"]
        self.assertNotIn("name", schema["properties"])
        self.assertIn("stage", schema["properties"])

    def test_parameters_of_a_list_are_in_the_query(self):
        parameters = DOCUMENT["paths"]["/v1/clusters"]["get"]["parameters"]
        names = {p["name"] for p in parameters if p.get("in") == "query"}
        self.assertLessEqual({"pageSize", "pageToken", "filter", "orderBy"}, names)

    def test_every_filter_says_how_strings_compare(self):
        filters = [
            parameter
            for path in DOCUMENT["paths"].values()
            for parameter in path.get("get", {}).get("parameters", [])
            if parameter.get("name") == "filter"
        ]
        self.assertGreater(len(filters), 10)
        for parameter in filters:
            self.assertIn("wildcard", parameter["description"])

    def test_how_a_call_is_made_may_stand_in_the_query_beside_a_body(self):
        for path in ("/v1/clusters/{cluster}:advance", "/v1/clusters"):
            parameters = DOCUMENT["paths"][path]["post"]["parameters"]
            names = {p["name"] for p in parameters if p.get("in") == "query"}
            self.assertLessEqual({"validateOnly", "requestId"}, names)
            self.assertNotIn("stage", names)

    def test_nothing_stands_twice_in_an_operation(self):
        for path, verb, operation in operations():
            content = operation.get("requestBody", {}).get("content", {})
            body = content.get("application/json", {}).get("schema", {}).get("properties", {})
            names = [p["name"] for p in operation.get("parameters", []) if "name" in p] + list(body)
            self.assertEqual(len(names), len(set(names)), f"{verb} {path}: {sorted(names)}")

    def test_what_an_any_holds_is_not_dropped(self):
        change = DOCUMENT["components"]["schemas"]["dongkhoi.changes.v1.Change"]
        resources = [p for p in change["properties"].values() if "@type" in p.get("properties", {})]
        self.assertEqual(len(resources), 1)
        self.assertIs(resources[0]["additionalProperties"], True)

    def test_numbers_of_the_query_have_the_bounds_that_services_hold_them_to(self):
        years = sizes = 0
        for path, verb, operation in operations():
            for parameter in operation.get("parameters", []):
                if parameter.get("name") == "pageSize":
                    sizes += 1
                    self.assertEqual(parameter["schema"]["minimum"], 0, path)
                if parameter.get("name") == "year" and parameter["in"] == "query":
                    years += 1
                    bounds = parameter["schema"]["minimum"], parameter["schema"]["maximum"]
                    self.assertEqual(bounds, (1900, 2200), path)
        self.assertGreater(sizes, 10)
        self.assertGreater(years, 0)
        timeout = DOCUMENT["components"]["parameters"]["RequestTimeout"]["schema"]
        self.assertEqual((timeout["minimum"], timeout["maximum"]), (0.001, 60))


unittest.main(argv=[sys.argv[0], "-v"])
