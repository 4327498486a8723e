"""Checks what proto/openapi makes of words: bounds from comments, names from names.

usage: openapi_words_test.py BUILD PROTO
"""

import sys
import unittest

sys.path += [sys.argv[2] + "/openapi", sys.argv[1] + "/modules"]
import bounds
import names
from descriptors import Field, Kind, Message, Route, unwrapped
from google.api.field_behavior_pb2 import REQUIRED


def field(comment, kind=Kind.TYPE_STRING, name="text", behaviors=()):
    return Field(name, name, comment, kind, "", False, None, set(behaviors))


class Range:
    def __init__(self, minimum, maximum):
        self.minimum, self.maximum = minimum, maximum


class Rules:
    """Has the members of dongkhoi.type.v1.FieldRules."""

    class Format:
        @staticmethod
        def Name(value):
            return value

    def __init__(self, max_length=0, pattern="", format="", range=None):
        self.max_length, self.pattern, self.format, self.range = max_length, pattern, format, range

    def HasField(self, name):
        return getattr(self, name) is not None


class Bounds(unittest.TestCase):
    def test_lengths_are_read(self):
        for comment, expected in (
            ("Why; 1 to 1000 characters.", {"minLength": 1, "maxLength": 1000}),
            ("A remark; at most 2000 characters.", {"maxLength": 2000}),
            ("Idempotency key, at most 255 bytes.", {"maxLength": 255}),
            ("At about 300 characters a line.", {}),
            ("A remark.", {}),
        ):
            self.assertEqual(bounds.bounds(field(comment)), expected, comment)

    def test_ranges_are_read(self):
        for comment, expected in (
            ("1900 to 2200.", {"minimum": 1900, "maximum": 2200}),
            ("How long it takes, 0 to 3650; 0 is a point in time.", {"minimum": 0, "maximum": 3650}),
            ("From 3 to 4 of them.", {}),
        ):
            self.assertEqual(bounds.bounds(field(comment, Kind.TYPE_INT32)), expected, comment)
        # They are about integers.
        self.assertEqual(bounds.bounds(field("0 to 100.", Kind.TYPE_DOUBLE)), {})

    def test_a_day_may_be_empty_in_a_body_but_not_in_a_query(self):
        maybe = field('The day, "YYYY-MM-DD"; empty: today.')
        self.assertEqual(bounds.bounds(maybe), {"pattern": bounds.DAY_OR_EMPTY})
        self.assertEqual(bounds.bounds(maybe, in_query=True), {"format": "date"})
        self.assertEqual(bounds.bounds(field('The day, "YYYY-MM-DD".')), {"format": "date"})
        self.assertEqual(bounds.bounds(field('"YYYY-MM-DD" or "YYYY-MM".'), in_query=True), {})

    def test_rules_count_before_words(self):
        def ruled(comment, is_required=False, kind=Kind.TYPE_STRING, **rules):
            made = field(comment, kind, behaviors=[REQUIRED] if is_required else [])
            made.rules = Rules(**rules)
            return bounds.bounds(made)

        self.assertEqual(ruled("1 to 500 characters.", max_length=300),
                         {"minLength": 1, "maxLength": 300})
        self.assertEqual(ruled("Its code.", pattern="[0-9]{3}"), {"pattern": "^([0-9]{3})?$"})
        self.assertEqual(ruled("Its code.", True, pattern="[0-9]{3}"), {"pattern": "^([0-9]{3})$"})
        self.assertEqual(ruled("The day.", format="DATE"), {"pattern": bounds.DAY_OR_EMPTY})
        self.assertEqual(ruled("The day.", True, format="DATE"), {"format": "date"})
        self.assertEqual(ruled('"YYYY-MM-DD"; empty: all.', True, format="MONTH"),
                         {"pattern": "^([0-9]{4}-[0-9]{2})$"})
        self.assertEqual(ruled("A share.", kind=Kind.TYPE_DOUBLE, range=Range(0, 0.5)),
                         {"minimum": 0, "maximum": 0.5})


class Names(unittest.TestCase):
    def resources(self):
        patterns = ("clusters/{cluster}", "clusters/{cluster}/investments/{investment}",
                    "clusterTargets/{cluster_target}")
        api = type("Api", (), {"messages": {
            pattern: Message(f"a.v1.{noun}", "a.v1", "", [], pattern, False)
            for pattern, noun in zip(patterns, ("Cluster", "Investment", "ClusterTarget"))
        }})
        return names.Resources(api)

    def test_summaries_are_english(self):
        for name, expected in (
            ("GetCluster", "Get a cluster"), ("ListClusterTargets", "List cluster targets"),
            ("GetInvestment", "Get an investment"), ("GetProgress", "Get progress"),
            ("SelfAssessRegistration", "Self-assess a registration"),
            ("BatchCreateReports", "Create reports in one batch"),
        ):
            self.assertEqual(names.summary(name), expected)

    def test_each_id_of_a_path_has_the_name_of_its_resource(self):
        route = Route("post", "/v1/{name=clusters/*/investments/*}:advance", "*")
        self.assertEqual(names.read_path(self.resources(), route),
                         ("/v1/clusters/{cluster}/investments/{investment}:advance",
                          ["cluster", "investment"]))
        route = Route("get", "/v1/{name=clusterTargets/*}", "")
        self.assertEqual(names.read_path(self.resources(), route),
                         ("/v1/clusterTargets/{clusterTarget}", ["clusterTarget"]))

    def test_of_several_routes_each_is_named_after_its_resource(self):
        routes = [Route("get", "/v1/{name=clusters/*}:history", ""),
                  Route("get", "/v1/{name=clusters/*/investments/*}:history", "")]
        method = type("Method", (), {"name": "ListRevisions", "routes": routes})
        found = [names.method_of_route(method, route, self.resources()) for route in routes]
        self.assertEqual(found, ["ListClusterRevisions", "ListInvestmentRevisions"])

    def test_two_of_one_name_are_refused(self):
        taken = set()
        names.unique("getCluster", taken, "the operation")
        with self.assertRaises(names.NameClash):
            names.unique("getCluster", taken, "the operation")


class Comments(unittest.TestCase):
    def test_lines_become_paragraphs_with_the_names_of_json(self):
        self.assertEqual(unwrapped(" Not more than\n area_hectares.\n\n Second.\n"),
                         "Not more than areaHectares.\n\nSecond.")
        self.assertEqual(unwrapped(" stage_date = NOT_YET", keeps_snake_case=True),
                         "stage_date = NOT_YET")
        self.assertEqual(unwrapped(" STAGE_NOT_POSSIBLE"), "STAGE_NOT_POSSIBLE")


unittest.main(argv=[sys.argv[0], "-v"])
