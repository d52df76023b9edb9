"""Every source: it is recognised, its bytes come out, and what it lost is said."""

import gzip
import json

import pytest

from harness.cassette import load, save
from harness.cassette.importing import IMPORTERS, ImportFailed, Labels, import_file
from harness.delivery import Framing
from tests.unit.importing import sources as s

OPENAI = Labels(provider="openai")


def imported(tmp_path, data, name="stream.txt", labels=OPENAI, source=""):
    path = tmp_path / name
    path.write_bytes(data)
    return import_file(path, labels, source)


def only(cassette):
    (entry,) = cassette.interactions
    return entry


SOURCES = {
    "curl": s.curl(),
    "har": s.har(),
    "vcr": s.vcr(),
    "payloads": s.payload_lines(),
    "body": s.BODY,
}


def test_every_importer_is_tested():
    assert set(SOURCES) == set(IMPORTERS)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("wrap", [bytes, gzip.compress], ids=["plain", "gz"])
def test_it_is_recognised_by_its_first_bytes_alone(tmp_path, name, wrap):
    cassette = imported(tmp_path, wrap(SOURCES[name]))
    assert f"({name})" in cassette.provenance.tool
    assert cassette.interactions[0].response.body == (s.BARE if name == "payloads" else s.BODY)


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_recognises_the_sources_of_the_others(name):
    assert next(other for other, importer in IMPORTERS.items() if importer.sniff(SOURCES[name])) == name


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_lost_is_said(tmp_path, name):
    notes = imported(tmp_path, SOURCES[name]).provenance.notes
    assert f"Not kept by that source: {IMPORTERS[name].loses}." in notes
    assert "stream.txt" in notes


@pytest.mark.parametrize("name", SOURCES)
def test_it_can_be_saved_and_loaded(tmp_path, name):
    cassette = imported(tmp_path, SOURCES[name])
    again = load(save(cassette, tmp_path / "cassettes"))
    assert again.interactions == cassette.interactions
    assert again.name == "openai/stream"


@pytest.mark.parametrize("name", SOURCES)
def test_no_secret_survives(tmp_path, name):
    planted = SOURCES[name].replace(b"resp_1", s.SECRET.encode())
    folder = save(imported(tmp_path, planted), tmp_path / "cassettes")
    texts = b"".join(path.read_bytes() for path in folder.iterdir())
    assert s.SECRET.encode() not in texts
    assert b"redacted-" in texts


@pytest.mark.parametrize("secret", [s.SECRET, "bob@corp.de", "ghp_0123456789abcdefghij01"])
@pytest.mark.parametrize("before", ["", "\n", "\t", "\u00e9", '{"a": "b\\n'])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_no_secret_hides_behind_an_escape_and_none_is_broken(tmp_path, secret, before, ascii_only):
    event = {"type": "response.output_text.delta", "delta": f"{before}{secret} and more"}
    line = json.dumps(event, ensure_ascii=ascii_only)
    body = only(imported(tmp_path, s.BODY + f"data: {line}\n\n".encode())).response.body
    assert secret.encode() not in body
    delta = json.loads(body[body.rindex(b'{"type') :])["delta"]
    assert delta.startswith(before)
    assert delta.endswith(" and more")
    assert len(delta) == len(event["delta"])


@pytest.mark.parametrize("name", SOURCES)
def test_model_and_date_are_read_off_the_stream(tmp_path, name):
    provenance = imported(tmp_path, SOURCES[name]).provenance
    assert provenance.model == "gpt-5.5"
    assert provenance.date == "2026-05-27"
    assert provenance.source == "recorded"


@pytest.mark.parametrize("name", ["vcr", "har"])
def test_the_provider_is_read_off_the_host(tmp_path, name):
    assert imported(tmp_path, SOURCES[name], labels=Labels()).provenance.provider == "openai"


@pytest.mark.parametrize("name", ["curl", "payloads", "body"])
def test_a_source_without_a_host_needs_a_provider(tmp_path, name):
    with pytest.raises(ImportFailed, match="which provider"):
        imported(tmp_path, SOURCES[name], labels=Labels())


def test_a_host_is_not_taken_by_a_part_of_a_name(tmp_path):
    with pytest.raises(ImportFailed, match="which provider"):
        imported(tmp_path, s.vcr(s.vcr_entry(uri="https://notchatgpt.com/responses")), labels=Labels())


def test_labels_beat_the_file(tmp_path):
    labels = Labels("mine", "name", "model-x", "2020-01-02")
    cassette = imported(tmp_path, s.BODY, labels=labels)
    assert cassette.name == "mine/name"
    assert (cassette.provenance.model, cassette.provenance.date) == ("model-x", "2020-01-02")


def test_without_any_date_the_file_s_own_is_taken_and_said(tmp_path):
    notes = imported(tmp_path, b'data: {"type":"x"}\n\n').provenance.notes
    assert "The date is the file's." in notes


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.yaml.gz.0.sse", "a.yaml.gz.0"),
        ("x.chunks.txt", "x"),
        ("Test[gpt-5 x].yaml.gz", "Test-gpt-5-x"),
        (".sse", "sse"),
    ],
)
def test_the_name_is_the_file_s(tmp_path, file, name):
    assert imported(tmp_path, s.BODY, file).name == f"openai/{name}"


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"<html>", b"just words", b"[1, 2]"])
def test_what_is_no_source_is_refused(tmp_path, data):
    with pytest.raises(ImportFailed, match="no kind that is known"):
        imported(tmp_path, data)


def test_a_broken_gzip_file(tmp_path):
    with pytest.raises(ImportFailed, match="gzip"):
        imported(tmp_path, gzip.compress(s.BODY)[:-9])


@pytest.mark.parametrize("name", ["har", "vcr", "payloads", "curl"])
def test_a_file_that_is_not_what_it_was_said_to_be(tmp_path, name):
    with pytest.raises(ImportFailed):
        imported(tmp_path, b"\xff\xfe: not that", source=name)


# curl


@pytest.mark.parametrize(
    ("head", "headers", "framing"),
    [
        ("HTTP/1.1 200 OK", [("Transfer-Encoding", "chunked")], Framing.CHUNKED),
        ("HTTP/1.1 200 OK", [("Content-Length", str(len(s.BODY)))], Framing.LENGTH),
        ("HTTP/1.1 200 OK", [], Framing.CLOSE),
        ("HTTP/1.0 200 OK", [], Framing.CLOSE),
        ("HTTP/2 200 ", [], Framing.CHUNKED),
        ("HTTP/3 200", [], Framing.CHUNKED),
    ],
)
def test_curl_framing(tmp_path, head, headers, framing):
    response = only(imported(tmp_path, s.curl(head=head, headers=headers))).response
    assert (response.status, response.framing, response.ending) == (200, framing, "fin")
    assert response.body == s.BODY


def test_curl_a_body_shorter_than_was_promised_was_cut(tmp_path):
    cassette = imported(tmp_path, s.curl(s.BODY[:-5], headers=[("Content-Length", str(len(s.BODY)))]))
    assert only(cassette).response.ending == "cut"
    assert only(cassette).response.header("content-length") == str(len(s.BODY))
    assert f"Cut: {len(s.BODY) - 5} of {len(s.BODY)} bytes came." in cassette.provenance.notes


@pytest.mark.parametrize(
    "before",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 Connection established\r\n\r\n",
        b"HTTP/2 307 \r\nlocation: /x\r\n\r\n",
    ],
)
def test_curl_heads_on_the_way_are_passed_over(tmp_path, before):
    response = only(imported(tmp_path, s.curl(before=before))).response
    assert response.body == s.BODY
    assert response.header("location") == ""


def test_curl_raw_keeps_the_chunks(tmp_path):
    chunks = [s.BODY[:10], s.BODY[10:200], s.BODY[200:]]
    cassette = imported(tmp_path, s.curl(s.chunked(*chunks)))
    response = only(cassette).response
    assert response.body == s.BODY
    assert [offset for offset, _ in response.chunks] == [0, 10, 200]
    assert "Chunk boundaries as sent" in cassette.provenance.notes


def test_curl_raw_that_was_cut_inside_a_chunk(tmp_path):
    response = only(imported(tmp_path, s.curl(s.chunked(s.BODY[:100], s.BODY[100:])[:160]))).response
    assert response.body == s.BODY[: len(response.body)]
    assert len(response.body) > 100
    assert response.ending == "cut"


def test_curl_an_error_answer(tmp_path):
    data = (
        b'HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"error": {}}'
    )
    response = only(imported(tmp_path, data)).response
    assert (response.status, response.body) == (429, b'{"error": {}}')


def test_curl_compressed_has_undone_the_coding(tmp_path):
    cassette = imported(tmp_path, s.curl(headers=[("Content-Encoding", "gzip"), ("Content-Length", "77")]))
    assert only(cassette).response.header("content-encoding") == ""
    assert only(cassette).response.ending == "fin"
    assert "Content-encoding gzip was undone" in cassette.provenance.notes


def test_a_coded_body_stays_as_it_was_sent(tmp_path):
    coded = gzip.compress(s.BODY, mtime=0)
    response = only(imported(tmp_path, s.curl(coded, headers=[("Content-Encoding", "gzip")]))).response
    assert response.body == coded
    assert response.header("content-encoding") == "gzip"


def test_a_coded_body_that_was_cut(tmp_path):
    coded = gzip.compress(s.BODY)
    headers = [("Content-Encoding", "gzip"), ("Content-Length", str(len(coded)))]
    response = only(imported(tmp_path, s.curl(coded[:-9], headers=headers))).response
    assert (response.body, response.ending) == (coded[:-9], "cut")


def test_a_coded_body_with_a_secret_is_kept_decoded(tmp_path):
    coded = gzip.compress(s.BODY.replace(b"resp_1", s.SECRET.encode()))
    headers = [("Content-Encoding", "gzip"), ("Content-Length", str(len(coded)))]
    cassette = imported(tmp_path, s.curl(coded, headers=headers))
    response = only(cassette).response
    assert response.header("content-encoding") == response.header("content-length") == ""
    assert s.SECRET.encode() not in response.body
    assert response.body.startswith(b"event: response.created")
    assert "kept decoded, to redact it" in cassette.provenance.notes
    save(cassette, tmp_path / "cassettes")


def test_heads_that_do_not_end(tmp_path):
    with pytest.raises(ImportFailed, match="inside the head"):
        imported(tmp_path, b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")


# VCR.py


def test_vcr_request_and_head(tmp_path):
    entry = only(imported(tmp_path, s.vcr()))
    assert (entry.request.method, entry.request.path, entry.request.body) == ("POST", "/v1/responses", s.ASKED)
    assert ("authorization", "redacted-" + "x" * 30) in entry.request.headers
    assert entry.response.status == 200
    assert entry.response.header("content-type") == s.HEAD["content-type"]


def test_vcr_lists_side_by_side_gzipped(tmp_path):
    cassette = imported(tmp_path, s.vcr_lists(s.vcr_entry(), s.vcr_entry(asked={**s.ASKED, "input": "more"})))
    assert [(entry.turn, entry.attempt) for entry in cassette.interactions] == [(0, 0), (1, 0)]
    assert cassette.interactions[1].response.body == s.BODY


def test_vcr_parsed_bodies(tmp_path):
    entry = s.vcr_entry(status=400, headers={"content-type": "application/json"})
    entry["request"]["parsed_body"] = entry["request"].pop("body") and s.ASKED
    entry["response"].pop("body")
    entry["response"]["parsed_body"] = {"error": {"message": "nein"}}
    cassette = imported(tmp_path, s.vcr(entry))
    assert only(cassette).request.body == s.ASKED
    assert json.loads(only(cassette).response.body) == {"error": {"message": "nein"}}
    assert "written anew from its parsed form" in cassette.provenance.notes


def test_vcr_in_json(tmp_path):
    data = json.dumps({"version": 1, "interactions": [s.vcr_entry()]}).encode()
    assert "(vcr)" in imported(tmp_path, data).provenance.tool


def test_vcr_binary_bodies(tmp_path):
    coded = gzip.compress(s.BODY)
    cassette = imported(tmp_path, s.vcr(s.vcr_entry(coded, headers={**s.HEAD, "content-encoding": "gzip"})))
    assert only(cassette).response.body == coded


def test_vcr_turns_and_attempts(tmp_path):
    failed = s.vcr_entry("{}", status=500, headers={"content-type": "application/json"})
    later = s.vcr_entry(asked={**s.ASKED, "input": [{"role": "user", "content": "more"}]})
    cassette = imported(tmp_path, s.vcr(failed, s.vcr_entry(), later))
    assert [(e.turn, e.attempt, e.response.status) for e in cassette.interactions] == [
        (0, 0, 500),
        (0, 1, 200),
        (1, 0, 200),
    ]


def test_vcr_requests_that_do_not_stream_are_left_out(tmp_path):
    other = s.vcr_entry("{}", asked={"model": "gpt-5"}, headers={"content-type": "application/json"})
    assert len(imported(tmp_path, s.vcr(other, s.vcr_entry())).interactions) == 1
    with pytest.raises(ImportFailed, match="no streamed answer"):
        imported(tmp_path, s.vcr(other))


def test_vcr_a_length_that_the_kept_body_has_not(tmp_path):
    cassette = imported(tmp_path, s.vcr(s.vcr_entry(headers={**s.HEAD, "content-length": "9999"})))
    assert only(cassette).response.ending == "fin"
    assert only(cassette).response.header("content-length") == ""
    assert "Content-length 9999 is not the length" in cassette.provenance.notes


def test_vcr_python_objects_are_refused(tmp_path):
    data = b"interactions:\n- request: !!python/object/apply:os.system ['true']\n"
    with pytest.raises(ImportFailed, match="not plain YAML"):
        imported(tmp_path, data)


@pytest.mark.parametrize(
    "data", [b"interactions:\n- request: {}\n", b"interactions: 5\n", b"requests: []\nresponses: [{}]\n"]
)
def test_vcr_with_parts_missing(tmp_path, data):
    with pytest.raises(ImportFailed, match=r"no cassette of VCR\.py"):
        imported(tmp_path, data)


# HAR


@pytest.mark.parametrize("encoding", ["base64", ""])
def test_har_request_body_and_times(tmp_path, encoding):
    entry = only(imported(tmp_path, s.har(s.har_entry(encoding=encoding))))
    assert entry.request.path == "/v1/responses"
    assert entry.request.body == s.ASKED
    assert [name for name, _ in entry.request.headers] == ["Authorization"]
    assert (entry.response.head_ms, entry.response.ended_ms) == (106.5, 900.5)
    assert entry.response.chunks == ((0, 106.5),)
    assert entry.response.body == s.BODY


def test_har_a_request_that_got_no_answer(tmp_path):
    cassette = imported(tmp_path, s.har(s.har_entry(b"", status=0), s.har_entry()))
    first, second = cassette.interactions
    assert (first.response.status, first.response.ending, first.response.body) == (None, "cut", b"")
    assert (second.turn, second.attempt) == (0, 1)
    save(cassette, tmp_path / "cassettes")


def test_har_without_the_body(tmp_path):
    entry = s.har_entry()
    del entry["response"]["content"]["text"]
    cassette = imported(tmp_path, s.har(entry))
    assert f"The archive has none of the body's {len(s.BODY)} bytes." in cassette.provenance.notes


def test_har_pages_and_pictures_are_left_out(tmp_path):
    page = s.har_entry(b"<html>", asked={}, headers={"content-type": "text/html"}, url="https://example.com/")
    assert len(imported(tmp_path, s.har(page, s.har_entry(), page)).interactions) == 1


def test_har_a_query_is_kept_without_its_key(tmp_path):
    entry = s.har_entry(url=f"{s.URL}?api-version=1&api-key=abcdef123456")
    assert only(imported(tmp_path, s.har(entry))).request.path == "/v1/responses?api-version=1&api-key=redacted-xxx"


# payloads and bare bodies


def test_payload_lines_may_end_with_crlf_and_done(tmp_path):
    body = only(imported(tmp_path, b"\r\n".join([*(line.encode() for line in s.LINES), b"[DONE]", b""]))).response.body
    assert body == s.BARE + b"data: [DONE]\n\n"


def test_a_damaged_payload_is_kept_and_said(tmp_path):
    cassette = imported(tmp_path, (s.LINES[0] + '\n{"type": "x"\n').encode())
    assert only(cassette).response.body.endswith(b'data: {"type": "x"\n\n')
    assert "No JSON object on line 2." in cassette.provenance.notes


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbfdata: {}\n\n",
        b": hi\n\ndata: {}\n\n",
        b"\n\ndata: {}\n\n",
        b"event: x\r\ndata: {}\r\n\r\n",
        b"data: cut",
    ],
)
def test_bare_bodies_are_kept_byte_for_byte(tmp_path, body):
    assert only(imported(tmp_path, body)).response.body == body
