"""Failures in the language of the client."""

import re

import pytest

import make

VIETNAMESE = {"Accept-Language": "vi-VN,vi;q=0.9,en;q=0.8"}


def localized(answer):
    """The LocalizedMessage of a failure, or None."""
    found = [
        detail for detail in answer.error["details"]
        if detail["@type"] == "type.googleapis.com/google.rpc.LocalizedMessage"
    ]
    assert len(found) <= 1
    return found[0] if found else None


def test_vietnamese_is_told_to_those_who_ask_for_it(client):
    english = client.get("/v1/clusters/missing")
    vietnamese = client.get("/v1/clusters/missing", VIETNAMESE)
    assert localized(english) is None
    assert english.headers["content-language"] == "en"
    assert localized(vietnamese) == {
        "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
        "locale": "vi",
        "message": "Không tìm thấy đối tượng được yêu cầu.",
    }
    assert vietnamese.error["message"] == english.error["message"]
    assert vietnamese.headers["content-language"] == "vi"
    assert "Accept-Language" in vietnamese.headers["vary"]
    assert vietnamese.status == english.status == 404


@pytest.mark.parametrize(
    "accept, is_vietnamese",
    [
        ("vi", True), ("VI", True), ("vi-VN", True), ("vi;q=0.1", True), ("fr, vi;q=0.1", True),
        ("en;q=0.5, vi;q=0.6", True), ("en;q=0, *", True), ("*, vi", True),
        ("", False), ("en", False), ("*", False), ("fr", False), ("en, vi", False),
        ("vi;q=0", False), ("vi;q=0.5, en", False), ("vietnamese", False), ("vi;q=x", False),
    ],
)
def test_weights_decide(client, accept, is_vietnamese):
    answer = client.get("/v1/clusters/missing", {"Accept-Language": accept})
    assert (localized(answer) is not None) == is_vietnamese


def test_the_sentence_names_what_the_failure_names(client):
    cluster = make.cluster(client)["name"]
    answer = client.post(
        f"/v1/{cluster}:advance", {"stage": "OPERATING", "document": make.document()}, VIETNAMESE
    )
    assert answer.reason == "STAGE_NOT_POSSIBLE"
    sentence = localized(answer)["message"]
    assert "đang ở bước PLANNED" in sentence
    assert f"Các bước có thể: {answer.metadata['possibleStages']}" in sentence
    answer = client.post("/v1/indicators", {"displayName": {"vi": "x"}}, VIETNAMESE, indicatorId="x")
    assert answer.reason == "FIELD_REQUIRED"
    assert answer.fields[0] in localized(answer)["message"]


def test_a_kept_refusal_is_told_again_in_the_language_of_who_asks_again(client):
    cluster = make.cluster(client)["name"]
    body = {"stage": "OPERATING", "document": make.document()}
    key = {"Idempotency-Key": f"told-in-both-{cluster}"}
    first = client.post(f"/v1/{cluster}:advance", body, key)
    again = client.post(f"/v1/{cluster}:advance", body, {**key, **VIETNAMESE})
    once_more = client.post(f"/v1/{cluster}:advance", body, key)
    assert first.reason == again.reason == "STAGE_NOT_POSSIBLE"
    assert again.headers["idempotency-replayed"] == "true"
    assert localized(first) is None
    assert f"Các bước có thể: {first.metadata['possibleStages']}" in localized(again)["message"]
    assert once_more.error == first.error
    assert again.error["message"] == first.error["message"]
    assert again.error["details"][:-1] == first.error["details"]


def test_every_kind_of_failure_has_its_own_sentence(system):
    client = system.client
    name = make.indicator(client, "told")["name"]
    answers = [
        client.get("/v1/nowhere", VIETNAMESE),
        client.request("PUT", "/v1/clusters", {}, VIETNAMESE),
        client.get("/v1/clusters", VIETNAMESE, pageSize=-1),
        client.get("/v1/clusters", VIETNAMESE, pageToken="x"),
        client.get("/v1/clusters", VIETNAMESE, filter="("),
        client.get("/v1/clusters", VIETNAMESE, orderBy="x"),
        client.get("/v1/clusters", VIETNAMESE, x=1),
        client.get("/v1/clusters", {**VIETNAMESE, "Accept": "text/html"}),
        client.get("/v1/clusters", VIETNAMESE, asOf="2999-01-01T00:00:00Z"),
        client.request("POST", "/v1/clusters", b"{", VIETNAMESE),
        client.request("POST", "/v1/clusters", b"x", {**VIETNAMESE, "Content-Type": "text/plain"}),
        client.patch(f"/v1/{name}", {"etag": "x", "unit": "m"}, VIETNAMESE),
        client.post("/v1/indicators", {"displayName": {"vi": "x"}, "unit": "m", "kind": "FLOW"},
                    VIETNAMESE, indicatorId="told"),
        client.get("/v1/clusters", {**VIETNAMESE, "Request-Timeout": "x"}),
        client.get(f"/v1/{name}/progress", VIETNAMESE, period="2022-13"),
    ]
    reasons = [answer.reason for answer in answers]
    sentences = [localized(answer)["message"] for answer in answers]
    assert all(answer.status >= 400 for answer in answers)
    assert len(set(sentences)) == len(set(reasons)) > 12, list(zip(reasons, sentences))
    for sentence in sentences:
        assert sentence.endswith(".") and re.search(r"[À-ỹ]", sentence), sentence
        assert not re.search(r"[{}\[\]…]", sentence), sentence


def test_refusals_of_the_server_itself_speak_vietnamese(client):
    data, _ = client.raw(
        b"POST /v1/clusters HTTP/1.1\r\nHost: localhost\r\nAccept-Language: vi\r\n"
        b"Content-Length: 99999999\r\n\r\n"
    )
    assert b" 413 " in data.split(b"\r\n")[0]
    assert "vượt quá dung lượng cho phép".encode() in data


def test_a_service_that_is_down_is_told_in_vietnamese(impatient):
    impatient["clusters"].kill()
    answer = impatient.client.get("/v1/clusters", VIETNAMESE)
    assert answer.status == 503
    assert "Đề nghị thử lại sau" in localized(answer)["message"] or "chưa rõ" in localized(answer)["message"]
    impatient["clusters"].start()
    impatient.wait_ready()
