"""The page at "/": what it says in two languages, where its numbers lead, and how it prints."""

import html.parser
import re
import urllib.parse

import pytest

import browser
from harness import wait_until

MOVEMENT = "dong-khoi-moi-2022"


class Page(html.parser.HTMLParser):
    """The links, ids and text of a page."""

    def __init__(self, answer):
        super().__init__()
        self.links, self.ids, self.tags, self.words = [], set(), set(), []
        self.feed(answer.body.decode())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.add(tag)
        if "href" in attrs:
            self.links.append(attrs["href"])
        if "id" in attrs:
            self.ids.add(attrs["id"])

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def get(client, language="vi", headers=None, **query):
    answer = client.get("/", headers=headers, lang=language, **query)
    assert answer.status == 200, answer.body
    return Page(answer)


def figure(value, language, decimals=None):
    """The number as a person writes it."""
    text = f"{value:,.{decimals}f}" if decimals is not None else f"{value:,}".removesuffix(".0")
    return text.translate(str.maketrans(",.", ".,")) if language == "vi" else text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_shows_what_the_scorecard_says(loaded, language):
    card = loaded.client.ok("GET", f"/v1/movements/{MOVEMENT}/scorecard")
    text = get(loaded.client, language).text
    titles = [card, *card["lines"], *card["indicators"]]
    assert len(card["lines"]) == 3 and len(card["indicators"]) == 6
    for title in titles:
        assert " ".join(title["displayName"][language].split()) in text, title
    for line in card["lines"]:
        assert figure(line["percent"], language, 2) in text
        assert " ".join(line["localizedRule"][language].split()) in text
    for progress in card["indicators"]:
        assert figure(progress["targetValue"], language) in text
        for field in ("planPercent", "growthPercent", "growthOnPlanBasePercent"):
            if progress[field] is not None:
                assert figure(progress[field], language, 2) in text, (progress["name"], field)
        if progress["yearToDate"] is not None:
            assert figure(progress["yearToDate"], language) in text
    assert "3051/QĐ-UBND" in text
    assert ("Khó đạt" if language == "vi" else "Off track") in text
    assert ("số liệu chưa chính thức" if language == "vi" else "provisional") in text


def test_the_newest_launched_movement_is_shown_unless_another_is_asked_for(loaded):
    shown = get(loaded.client).text
    for name in (MOVEMENT, f"movements/{MOVEMENT}"):
        assert get(loaded.client, movement=name).text == shown
    head = loaded.client.request("HEAD", "/")
    assert head.status == 200 and not head.body
    answer = loaded.client.get("/", lang="en", movement="no-such-movement")
    assert answer.status == 404 and b"RESOURCE_NOT_FOUND" in answer.body
    for query in ({"movement": "A/b"}, {"asOf": "x"}, {"publishedBy": "31/12/2022"},
                  {"asOf": "2999-01-01T00:00:00Z"}):
        answer = loaded.client.get("/", **query)
        assert answer.status == 400, (query, answer.body)
        assert "Không hiển thị được" in answer.body.decode()


def test_every_link_leads_to_an_answer(loaded):
    page = get(loaded.client, publishedBy="2022-12-31")
    assert len([link for link in page.links if link.startswith("/v1/")]) > 30
    for link in set(page.links):
        parts = urllib.parse.urlsplit(link)
        if link.startswith("#"):
            assert link[1:] in page.ids, link
        else:
            assert not parts.netloc, link
            assert loaded.client.get(link).status == 200, link


def test_the_picture_of_an_earlier_day(loaded):
    text = get(loaded.client, publishedBy="2022-12-31").text
    assert "26.900" in text and "22,27" in text and "36.501" not in text
    assert "31/12/2022" in text
    assert "27.204" not in text


def test_the_language_is_the_clients(loaded):
    def language(headers, **query):
        answer = loaded.client.get("/", headers, **query)
        found = re.search(r'<html lang="(\w+)"', answer.body.decode()).group(1)
        assert answer.headers["content-language"] == found
        assert "Accept-Language" in answer.headers["vary"]
        return found

    assert language({}) == "vi"
    assert language({"Accept-Language": "en-GB,en;q=0.9,vi;q=0.8"}) == "en"
    assert language({"Accept-Language": "fr,vi;q=0.2"}) == "vi"
    assert language({"Accept-Language": "en"}, lang="vi") == "vi"
    assert language({"Accept-Language": "en"}, lang="xx") == "en"


def test_nothing_may_run_or_be_fetched(loaded):
    answer = loaded.client.get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not {"script", "img", "link", "iframe", "object"} & Page(answer).tags


def test_text_of_others_stays_text(client):
    hostile = "<script>alert(1)</script>\"'&<b>"
    body = {"displayName": {"vi": hostile, "en": hostile}, "year": 2099}
    client.ok("POST", "/v1/movements", body, movementId="hostile")
    for query in ({}, {"movement": hostile}, {"publishedBy": hostile}, {"asOf": hostile}):
        page = client.get("/", **{"movement": "hostile", **query}).body.decode()
        assert "<script" not in page and "<b>" not in page, query
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in client.get("/", movement="hostile").body.decode()


@pytest.mark.parametrize(
    "query",
    ["", "?", "&&", "=", "movement", "movement=", "movement=%00", "movement=%ff", "lang", "lang=%",
     "publishedBy=&asOf=", "asOf=%2B", "x=1&movement=-", "movement=" + "a" * 5000, "movement=..%2F..",
     "publishedBy=2022-02-30", "movement=hostile&movement=other", "lang=vi%0d%0aX:1"],
)
def test_odd_queries_are_answered_or_refused(client, query):
    answer = client.get(f"/?{query}")
    assert answer.status in (200, 400, 404), answer.body
    # What is no request at all is refused before it is known to be for the page.
    assert answer.headers["content-type"].split(";")[0] in ("text/html", "application/json")
    assert "x" not in answer.headers


def test_a_movement_of_many_commitments_is_shown_whole(client):
    client.ok("POST", "/v1/organizations", {"displayName": {"vi": "Sở"}, "kind": "DEPARTMENT"},
              organizationId="so")
    client.ok("POST", "/v1/movements", {"displayName": {"vi": "Lớn"}, "year": 2098}, movementId="big")
    for number in range(200):
        client.ok(
            "POST", "/v1/movements/big/registrations",
            {"displayName": {"vi": f"Việc {number:03}"}, "organization": "organizations/so",
             "commitment": {"manual": {"criterion": "xong"}}},
            registrationId=f"r-{number:03}",
        )
    text = get(client, movement="big").text
    assert all(f"Việc {number:03}" in text for number in range(200))


def test_without_a_movement_the_page_says_so(fresh):
    assert "Chưa có phong trào thi đua nào" in get(fresh.client).text
    assert "No movement has been launched yet." in get(fresh.client, "en").text


def test_a_newer_movement_takes_the_place_once_it_is_launched(fresh):
    client = fresh.client
    for year in (2023, 2024):
        body = {"displayName": {"vi": f"Phong trào {year}"}, "year": year}
        client.ok("POST", "/v1/movements", body, movementId=f"year-{year}")
    assert "Chưa có phong trào" in get(client).text
    for year in (2023, 2024):
        client.ok("POST", f"/v1/movements/year-{year}:launch", {"date": f"{year}-01-15"})
        assert f"Năm {year}" in get(client).text
    client.ok("POST", "/v1/movements/year-2024:close", {"date": "2024-12-31"})
    assert "Năm 2023" in get(client).text
    client.ok("POST", "/v1/movements/year-2023:close", {"date": "2024-12-31"})
    assert "Năm 2024" in get(client).text and "đã kết thúc" in get(client).text


def test_what_is_made_up_is_shown_only_when_asked_for_and_says_so(fresh):
    client = fresh.client
    for name, synthetic in (("real", False), ("made-up", True)):
        body = {"displayName": {"vi": name}, "year": 2030 + synthetic, "synthetic": synthetic}
        client.ok("POST", "/v1/movements", body, movementId=name)
        client.ok("POST", f"/v1/movements/{name}:launch", {"date": "2025-01-15"})
    page = get(client)
    assert "Năm 2030" in page.text and "made-up" not in page.text and "giả lập" not in page.text
    page = get(client, movement="made-up")
    assert "Năm 2031" in page.text and "Dữ liệu giả lập" in page.text
    assert "Made up for a test" in get(client, "en", movement="made-up").text
    assert client.ok("GET", "/v1/movements/made-up/scorecard")["synthetic"] is True
    answer = client.patch("/v1/movements/made-up", {"synthetic": False})
    assert (answer.status, answer.reason) == (400, "MOVEMENT_LAUNCHED"), answer.body
    assert answer.fields == ["movement.synthetic"] or answer.fields == ["synthetic"]


def test_a_service_that_is_down_is_named_and_the_rest_stands(fresh):
    fresh.load()
    fresh["clusters"].kill()
    page = get(fresh.client)
    assert "không trả lời clusters" in page.text
    assert "36.501" in page.text and "3051/QĐ-UBND" in page.text
    fresh["registrations"].kill()
    # A call that was under way when it died may end otherwise.
    wait_until(
        lambda: "registrations does not answer" in fresh.client.get("/readyz").body.decode(),
        "the gateway knows that it is gone",
    )
    answer = fresh.client.get("/")
    assert answer.status == 503 and answer.headers["retry-after"] == "1"
    assert "Đề nghị thử lại sau" in answer.body.decode()
    for name in ("clusters", "registrations"):
        fresh[name].start()
    fresh.wait_ready()


def test_the_browser_shows_it_and_has_nothing_to_complain_of(loaded, tmp_path):
    dom, complaints = browser.dom(f"http://127.0.0.1:{loaded.port}/?lang=vi")
    assert "36.501" in dom and "Khó đạt" in dom and "Bảng theo dõi" in dom
    assert not complaints
    picture = tmp_path / "page.png"
    browser.screenshot(f"http://127.0.0.1:{loaded.port}/?lang=vi", picture)
    assert picture.stat().st_size > 50000


@pytest.mark.parametrize("query", ["lang=vi", "lang=en", "lang=vi&publishedBy=2022-12-31"])
def test_it_prints_on_one_sheet(loaded, tmp_path, query):
    paper = tmp_path / "page.pdf"
    count, size = browser.sheets(f"http://127.0.0.1:{loaded.port}/?{query}", paper)
    assert count == 1
    assert "A4" in size
    text = browser.printed_text(paper)
    assert ("Người lập biểu" if "vi" in query else "Prepared by") in text
    assert "93,05" in text or "93.05" in text
    assert "English" not in text and "Published by" not in text
