"""Compares the movement of 2022 with the notice of Plan 483, word for word."""

import json
import sys
import unicodedata
import unittest
from pathlib import Path

NOTICE = Path(__file__).with_name("plan_483.txt")
GROUPS = ("(1).", "(2).")
END = "Để triển khai thực hiện"


def nfc(text):
    return unicodedata.normalize("NFC", text)


def groups():
    """Title and items of each group, as the notice has them."""
    found = []
    for line in (nfc(line).strip() for line in NOTICE.read_text(encoding="utf-8").splitlines()):
        if line.startswith(nfc(END)):
            break
        if line.startswith(GROUPS):
            found.append((line.split(" ", 1)[1], []))
        elif found and line:
            found[-1][1].append(line)
    return found


class Plan483(unittest.TestCase):
    def setUp(self):
        text = Path(sys.argv[1]).read_text(encoding="utf-8")
        self.assertEqual(text, nfc(text))
        self.data = json.loads(text)
        self.themes = self.data["movement"]["themes"]

    def test_the_themes_have_the_titles_of_the_notice(self):
        titles = [theme["displayName"]["vi"] for theme in self.themes]
        self.assertEqual(titles, [title for title, _ in groups()])

    def test_the_items_are_those_of_the_notice_word_for_word(self):
        items = [[item["vi"] for item in theme["items"]] for theme in self.themes]
        self.assertEqual([len(group) for group in items], [4, 6])
        self.assertEqual(items, [group for _, group in groups()])

    def test_the_plan_and_its_basis_stand_in_the_notice(self):
        notice = nfc(NOTICE.read_text(encoding="utf-8")).replace("483 /KH", "483/KH")
        self.assertEqual(self.data["movement"]["planNumber"], "483/KH-SCT")
        self.assertIn("483/KH-SCT", notice)
        for document in self.data["movement"]["legalBasis"]:
            self.assertIn(document["number"], notice)

    def test_the_three_registrations_have_their_tests(self):
        commitments = {r["id"]: r["registration"]["commitment"] for r in self.data["registrations"]}
        self.assertEqual(
            commitments,
            {
                "wind-power": {
                    "indicator": {
                        "indicator": "wind-power-commissioned",
                        "year": 2022,
                        "comparator": "APPROXIMATELY",
                        "value": 140,
                        "tolerancePercent": 5,
                    }
                },
                "industrial-clusters": {
                    "newClusters": {"year": 2022, "comparator": "AT_LEAST", "value": 2}
                },
                "night-economy": {
                    "milestone": {"scheme": "night-economy", "milestone": "approval"}
                },
            },
        )
        notice = nfc(NOTICE.read_text(encoding="utf-8")).lower()
        for registration in self.data["registrations"]:
            words = registration["registration"]["displayName"]["vi"].lower()
            self.assertIn(words, notice)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
