#!/usr/bin/python3
"""report.py - the results of the year as tables: what was promised, then the indicators.

usage: report.py [HOST:PORT]
"""

import shutil
import sys
import textwrap
import unicodedata

import api
import load_2022

YEAR = 2022
PERIOD = f"{YEAR}-12"
SIGNS = {"AT_LEAST": "≥", "MORE_THAN": ">", "APPROXIMATELY": "≈", "DONE": "="}
HEADINGS = ("Indicator", "Unit", "Value", "Target", "Plan %", "Growth %", "Level", "Growth")
RIGHT = {2, 3, 4, 5}
MOVEMENT = "movements/dong-khoi-moi-2022"
PROMISE_HEADINGS = ("Promise", "Unit", "Value", "Target", "%", "Status", "Evidence")
PROMISE_RIGHT = {2, 3, 4}
TITLE_COLUMNS_MIN = 20
EARLIER = "†"


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


def wrap(title, columns):
    """The title in lines of so many columns; in NFC a Vietnamese letter is one character."""
    return textwrap.wrap(unicodedata.normalize("NFC", title), columns) or [""]


def table(lines, columns_max, right=RIGHT):
    """Lines of cells, aligned; the first is the heading, titles give way to a narrow terminal."""
    columns = [max(width(line[i]) for line in lines) for i in range(len(lines[0]))]
    others = sum(columns[1:]) + 2 * len(columns[1:])
    columns[0] = min(columns[0], max(TITLE_COLUMNS_MIN, columns_max - others))
    text = []
    for title, *cells in lines:
        first, *rest = wrap(title, columns[0])
        padded = (pad(cell, columns[i], i in right) for i, cell in enumerate([first, *cells]))
        text += ["  ".join(padded).rstrip(), *rest]
    return [text[0], "  ".join("─" * column for column in columns), *text[1:]]


def amount(value):
    if value is None:
        return "–"
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def percent(value):
    return "–" if value is None else f"{value:.2f}"


def status(name, is_provisional):
    return name + ("*" if is_provisional and name not in ("UNKNOWN", "NOT_JUDGED") else "")


def is_earlier(progress):
    """The value is of a period before the one asked for."""
    return progress["yearToDatePeriod"] not in ("", progress["period"])


def indicator_line(progress):
    value = amount(progress["yearToDate"]) + EARLIER * is_earlier(progress)
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


def promise_line(line):
    """One commitment of the scorecard."""
    earlier = line["period"] and line["period"] < PERIOD
    evidence = line.get("evidence")
    return (
        line["displayName"]["vi"],
        line["unit"],
        amount(line["value"]) + EARLIER * bool(earlier),
        f"{SIGNS.get(line['comparator'], '')} {amount(line['target'])}",
        percent(line["percent"]),
        status(line["status"], line["provisional"]),
        f"{evidence['number']} of {evidence['date']}" if evidence else "",
    )


def scorecard(client, columns):
    """The promises of the movement; what a service that is down left unknown is said."""
    card = client.call("GET", f"/v1/{MOVEMENT}/scorecard")
    yield card["displayName"]["vi"]
    yield ""
    promises = [promise_line(line) for line in card["lines"]]
    yield from table([PROMISE_HEADINGS, *promises], columns, PROMISE_RIGHT)
    for note in card["notes"]:
        if note["reason"] == "SERVICE_DOWN":
            yield f"– {note['message']}"


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
    """What the table cannot say in a cell."""
    yield "* provisional: not all values are official"
    for progress in progresses:
        title = progress["displayName"]["vi"]
        if is_earlier(progress):
            yield f"{EARLIER} {title}: the latest value, of {progress['yearToDatePeriod']}"
        if progress["yearToDate"] is None:
            for note in [n for n in progress["notes"] if n["field"] == "yearToDate"][:1]:
                yield f"– {title}: {note['message']}"


def render(client):
    """The whole text, indicators in the order of the plan. Raises ApiError."""
    order = {row["indicator"]: place for place, row in enumerate(load_2022.rows("indicators"))}
    page = client.call("GET", "/v1/indicators", query={"pageSize": 1000})
    names = [indicator["name"] for indicator in page["indicators"]]
    names.sort(key=lambda name: order.get(name.removeprefix("indicators/"), len(order)))
    progresses = [
        client.call("GET", f"/v1/{name}/progress", query={"period": PERIOD})
        for name in names
        if client.find(f"/v1/{name}/targets/{YEAR}") is not None
    ]
    count = client.call("GET", "/v1/clusters:countNew", query={"year": YEAR})
    columns = shutil.get_terminal_size((200, 24)).columns
    lines = table([HEADINGS, *(indicator_line(progress) for progress in progresses)], columns)
    return "\n".join(
        [
            "",
            *scorecard(client, columns),
            "",
            f"Chỉ tiêu {YEAR}: {PERIOD}",
            "",
            *lines,
            "",
            *remarks(progresses),
            "",
            cluster_line(count),
            "",
        ]
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
