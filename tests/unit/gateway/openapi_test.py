"""Checks the OpenAPI document: valid schemas, references that lead somewhere, every route.

usage: openapi_test.py BUILD PROTO, the folders with openapi.json and with the .proto files
"""

import gzip
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema

BUILD, PROTO = Path(sys.argv[1]), Path(sys.argv[2])
BYTES = (BUILD / "openapi.json").read_bytes()
DOCUMENT = json.loads(BYTES)
SCHEMAS = DOCUMENT["components"]["schemas"]
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


def contents(operation):
    """What is JSON of an operation: its body and its answers."""
    parts = [operation.get("requestBody", {})]
    parts += [resolve(each["$ref"]) if "$ref" in each else each
              for each in operation["responses"].values()]
    found = [part["content"]["application/json"] for part in parts
             if "application/json" in part.get("content", {})]
    return found


def schema_of(part):
    return part["content"]["application/json"]["schema"]


def problems(schema, value):
    validator = jsonschema.Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]},
        format_checker=jsonschema.FormatChecker(("date",)))
    return [error.message for error in validator.iter_errors(value)]


class Document(unittest.TestCase):
    def test_the_top_is_that_of_openapi_3_1(self):
        self.assertEqual(DOCUMENT["openapi"], "3.1.0")
        self.assertLessEqual({"title", "version", "description", "contact", "license"},
                             DOCUMENT["info"].keys())
        self.assertTrue(DOCUMENT["servers"])

    def test_the_compressed_form_is_the_same_document(self):
        self.assertEqual(gzip.decompress((BUILD / "openapi.json.gz").read_bytes()), BYTES)

    def test_the_same_input_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "again.json"
            subprocess.run(
                ["/usr/bin/python3", "-B", PROTO / "openapi" / "generate.py",
                 BUILD / "api.binpb", BUILD / "modules", output],
                check=True, env={"PYTHONHASHSEED": "1"},
            )
            self.assertEqual(output.read_bytes(), BYTES)
            self.assertEqual(Path(f"{output}.gz").read_bytes(),
                             (BUILD / "openapi.json.gz").read_bytes())

    def test_every_reference_leads_somewhere(self):
        references = [v["$ref"] for v in walk(DOCUMENT) if isinstance(v, dict) and "$ref" in v]
        self.assertGreater(len(references), 100)
        for reference in references:
            self.assertTrue(resolve(reference), reference)

    def test_every_schema_is_a_json_schema(self):
        for schema in SCHEMAS.values():
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
        self.assertGreater(len(ids), 130)
        for each in ids:
            self.assertRegex(each, r"^[a-z][a-zA-Z]+$")
        self.assertLessEqual({"getCluster", "listClusterRevisions", "listInvestmentRevisions",
                              "listReportRevisions"}, set(ids))

    def test_every_operation_has_a_summary_and_an_example(self):
        summaries = [operation["summary"] for _, _, operation in operations()]
        self.assertEqual(len(summaries), len(set(summaries)))
        for path, verb, operation in operations():
            self.assertTrue(operation["description"], path)
            for content in contents(operation):
                self.assertTrue("example" in content or content.get("examples"), f"{verb} {path}")

    def test_every_example_fits_its_schema(self):
        checked = set()  # many answers are the same
        for path, verb, operation in operations():
            pairs = [(p["schema"], p["example"]) for p in operation.get("parameters", [])
                     if "example" in p]
            for content in contents(operation):
                named = [resolve(each["$ref"])["value"] for each in content.get("examples", {}).values()]
                values = named + ([content["example"]] if "example" in content else [])
                pairs += [(content["schema"], value) for value in values]
            for schema, value in pairs:
                text = json.dumps([schema, value])
                if text not in checked:
                    self.assertEqual(problems(schema, value), [], f"{verb} {path}")
                    checked.add(text)
        self.assertGreater(len(checked), 140)

    def test_a_schema_has_the_name_that_a_person_would_choose(self):
        for name in SCHEMAS:
            self.assertRegex(name, r"^[A-Z][a-zA-Z]+$")
        self.assertLessEqual({"Cluster", "ClusterStage", "Document", "ClusterRevision"}, SCHEMAS.keys())

    def test_what_was_read_can_be_sent_back(self):
        checked = 0
        for path, item in DOCUMENT["paths"].items():
            if "patch" not in item:
                continue
            read = schema_of(item["get"]["responses"]["200"])
            changed = schema_of(item["patch"]["responses"]["200"])
            self.assertEqual(read, changed, path)
            # An update may leave out what it does not change.
            self.assertEqual(schema_of(item["patch"]["requestBody"]), {"$ref": read["$ref"]}, path)
            of_all = path.rsplit("/", 1)[0]
            self.assertEqual(schema_of(DOCUMENT["paths"][of_all]["post"]["requestBody"]), read, path)
            checked += 1
        self.assertGreater(checked, 10)

    def test_every_body_is_a_reference(self):
        bodies = [schema_of(operation["requestBody"]) for _, _, operation in operations()
                  if "requestBody" in operation]
        self.assertGreater(len(bodies), 50)
        for schema in bodies:
            self.assertIn("$ref", schema)
            self.assertLessEqual(schema.keys(), {"$ref", "required"})

    def test_failures_are_declared_where_they_can_be(self):
        for path, verb, operation in operations():
            if not path.startswith("/v1/"):
                continue
            codes = set(operation["responses"])
            self.assertLessEqual({"400", "429", "503", "default"}, codes, path)
            self.assertEqual({"409", "412", "422"} & codes,
                             set() if verb == "get" else {"409", "412", "422"}, path)
            if "{" in path:
                self.assertIn("404", codes, path)
            for code in codes - {"200", "304"}:
                failure = resolve(operation["responses"][code]["$ref"])
                self.assertEqual(schema_of(failure), {"$ref": "#/components/schemas/Error"})
        for path in ("/v1/clusters", "/v1/organizations:batchCreate"):
            self.assertNotIn("404", DOCUMENT["paths"][path]["post"]["responses"])
        self.assertIn("404", DOCUMENT["paths"]["/v1/clusters:countNew"]["get"]["responses"])

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
        for file in PROTO.glob("dongkhoi/*/v1/*.proto"):
            text = file.read_text(encoding="utf-8")
            for verb, path in re.findall(r'\b(get|post|put|patch|delete): "(/v1[^"]*)"', text):
                path = re.sub(r"{[^=}]*=([^}]*)}", r"\1", path)
                routes.add((verb, re.sub(r"{[^}]*}", "*", path)))
        self.assertGreater(len(routes), 130)
        self.assertEqual(routes - documented, set())

    def test_names_of_path_parameters_come_from_the_resources(self):
        self.assertIn("/v1/clusters/{cluster}/investments/{investment}:advance", DOCUMENT["paths"])
        self.assertIn("/v1/indicators/{indicator}/progress", DOCUMENT["paths"])

    def test_a_resource_says_what_is_required_read_only_and_null(self):
        cluster = SCHEMAS["Cluster"]
        properties = cluster["properties"]
        created = schema_of(DOCUMENT["paths"]["/v1/clusters"]["post"]["requestBody"])
        self.assertEqual(set(created["required"]), {"displayName", "district"})
        self.assertEqual(SCHEMAS["LocalizedText"]["required"], ["vi"])
        self.assertTrue(properties["uid"]["readOnly"])
        self.assertEqual(properties["createTime"]["format"], "date-time")
        self.assertEqual(properties["areaHectares"]["type"], ["number", "null"])
        self.assertIn("hectares", properties["areaHectares"]["description"])
        stages = SCHEMAS["ClusterStage"]
        self.assertIn("ESTABLISHED", stages["enum"])

    def test_a_body_leaves_out_what_the_path_says(self):
        advance = DOCUMENT["paths"]["/v1/clusters/{cluster}:advance"]["post"]
        schema = resolve(schema_of(advance["requestBody"])["$ref"])
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
            reference = schema_of(operation["requestBody"])["$ref"] if "requestBody" in operation else ""
            # Of a body that is the rest of the request; a resource has names of its own.
            body = resolve(reference)["properties"] if reference.endswith("Body") else {}
            names = [p["name"] for p in operation.get("parameters", []) if "name" in p] + list(body)
            self.assertEqual(len(names), len(set(names)), f"{verb} {path}: {sorted(names)}")

    def test_what_an_any_holds_is_not_dropped(self):
        change = SCHEMAS["Change"]
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
        self.assertEqual(SCHEMAS["ManualCommitment"]["properties"]["criterion"]["maxLength"], 2000)
        self.assertEqual(SCHEMAS["Milestone"]["properties"]["durationDays"]["maximum"], 3650)
        timeout = DOCUMENT["components"]["parameters"]["RequestTimeout"]["schema"]
        self.assertEqual((timeout["minimum"], timeout["maximum"]), (0.001, 60))

    def test_days_are_days(self):
        parameters = DOCUMENT["paths"]["/v1/clusters:countNew"]["get"]["parameters"]
        by_name = {p["name"]: p["schema"] for p in parameters if "name" in p}
        self.assertEqual(by_name["publishedBy"]["format"], "date")
        self.assertEqual(SCHEMAS["ClusterArea"]["properties"]["date"]["format"], "date")
        # It may be empty, and "" is no day.
        published = SCHEMAS["Observation"]["properties"]["publishedDate"]
        self.assertNotIn("format", published)
        self.assertEqual(problems(published, ""), [])
        self.assertEqual(problems(published, "2022-03-25"), [])
        self.assertNotEqual(problems(published, "2022-03"), [])
        # It may be a month.
        stage = SCHEMAS["StageChange"]["properties"]["date"]
        self.assertEqual(stage.keys() & {"format", "pattern"}, set())


unittest.main(argv=[sys.argv[0], "-v"])
