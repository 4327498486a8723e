#!/usr/bin/python3
"""report.py - the results of the year as a table.

usage: report.py [HOST:PORT]
"""

import sys
import unicodedata

import api

YEAR = 2022
PERIOD = f"{YEAR}-12"
SIGNS = {"AT_LEAST": "≥", "MORE_THAN": ">", "APPROXIMATELY": "≈", "DONE": "="}
HEADINGS = ("Indicator", "Unit", "Value", "Target", "Plan %", "Growth %", "Level", "Growth")
RIGHT = {2, 3, 4, 5}


def width(text):
    """Columns of a terminal that the text takes: wide characters two, combining ones none."""
    columns = 0
    for character in unicodedata.normalize("NFC", text):
        if unicodedata.category(character) in ("Mn", "Me", "Cf"):
            continue
        columns += 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
    return columns


def pad(text, columns, to_the_right):
    fill = " " * (columns - width(text))
    return fill + text if to_the_right else text + fill


def table(lines):
    """Lines of cells, aligned; the first is the heading."""
    columns = [max(width(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = [
        "  ".join(pad(cell, columns[i], i in RIGHT) for i, cell in enumerate(line)).rstrip()
        for line in lines
    ]
    return [text[0], "  ".join("─" * column for column in columns), *text[1:]]


def amount(value):
    if value is None:
        return "–"
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return text


def percent(value):
    return "–" if value is None else f"{value:.2f}"


def status(name, is_provisional):
    return name + ("*" if is_provisional and name not in ("UNKNOWN", "NOT_JUDGED") else "")


def indicator_line(progress):
    value = amount(progress["yearToDate"])
    at = progress["yearToDatePeriod"]
    if at and at != progress["period"]:
        value = f"({at}) {value}"
    target = progress["targetValue"]
    sign = SIGNS.get(progress["comparator"], "")
    return (
        progress["displayName"]["vi"],
        progress["unit"],
        value,
        "–" if target is None else f"{sign} {amount(target)}",
        percent(progress["planPercent"]),
        percent(progress["growthPercent"]),
        status(progress["levelStatus"], progress["provisional"]),
        status(progress["growthStatus"], progress["provisional"]),
    )


def cluster_line(count):
    """What the Department promised in clusters, under the rule that counts them."""
    minimum = count["minNewClusters"]
    reached = {True: "ACHIEVED", False: "NOT YET", None: "UNKNOWN"}[count["achieved"]]
    return (
        f"Cụm công nghiệp mới {count['year']}: {count['count']} of "
        f"{'–' if minimum is None else minimum} ({count['countingRule']}, {reached}); "
        f"{len(count['clusters'])} clusters looked at"
    )


def remarks(progresses):
    """Why a value is missing, once for each indicator."""
    for progress in progresses:
        if progress["yearToDate"] is None:
            notes = [n for n in progress["notes"] if n["field"] == "yearToDate"]
            for note in notes[:1]:
                yield f"– {progress['displayName']['vi']}: {note['message']}"


def render(client):
    """The whole text. Raises ApiError."""
    page = client.call("GET", "/v1/indicators", query={"pageSize": 1000})
    progresses = [
        client.call("GET", f"/v1/{indicator['name']}/progress", query={"period": PERIOD})
        for indicator in page["indicators"]
        if client.find(f"/v1/{indicator['name']}/targets/{YEAR}") is not None
    ]
    count = client.call("GET", "/v1/clusters:countNew", query={"year": YEAR})
    lines = table([HEADINGS, *(indicator_line(progress) for progress in progresses)])
    notes = ["* provisional: not all values are official", *remarks(progresses)]
    return "\n".join(
        ["", f"Đồng khởi mới {YEAR}: {PERIOD}", "", *lines, "", *notes, "", cluster_line(count), ""]
    )


def main():
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 2 if len(sys.argv) > 2 else 0
    try:
        print(render(api.Client(*sys.argv[1:] or ["127.0.0.1:8080"])))
    except api.ApiError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
