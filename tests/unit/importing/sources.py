"""One conversation as each tool would have stored it."""

import base64
import gzip
import json

import yaml

from harness.wire import encode

EVENTS = [
    {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5.5", "created_at": 1_779_840_000}},
    {"type": "response.output_text.delta", "output_index": 0, "delta": "Hallo — привет \u2028!"},
    {"type": "response.completed", "response": {"id": "resp_1", "model": "gpt-5.5", "status": "completed"}},
]
LINES = [json.dumps(event, ensure_ascii=False) for event in EVENTS]
BODY = b"".join(encode(line, event=event["type"]) for line, event in zip(LINES, EVENTS, strict=True))
BARE = b"".join(encode(line) for line in LINES)

SECRET = "sk-proj-Zk3bQ9Lm7Xw2Ty6Rv1Np8Ud4"
URL = "https://api.openai.com/v1/responses"
ASKED = {"model": "gpt-5", "input": "hello", "stream": True}
DATE = "Wed, 27 May 2026 08:00:00 GMT"
HEAD = {"content-type": "text/event-stream; charset=utf-8", "date": DATE}


def curl(body=BODY, *, head="HTTP/1.1 200 OK", headers=(("Transfer-Encoding", "chunked"),), before=b""):
    lines = [head, *(f"{name}: {value}" for name, value in (*HEAD.items(), *headers))]
    return before + "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*chunks):
    """As ``curl --raw`` shows it."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def vcr_entry(body=BODY, *, asked=ASKED, status=200, headers=HEAD, uri=URL, more=()):
    stored = body if isinstance(body, bytes) else body.encode()
    try:
        text = stored.decode()
    except UnicodeDecodeError:
        text = stored
    request = {
        "method": "POST",
        "uri": uri,
        "body": json.dumps(asked),
        "headers": {"authorization": [f"Bearer {SECRET}"], "content-type": ["application/json"], **dict(more)},
    }
    response = {
        "status": {"code": status, "message": "x"},
        "headers": {name: [value] for name, value in headers.items()},
        "body": {"string": text},
    }
    return {"request": request, "response": response}


def vcr(*entries):
    return yaml.safe_dump({"interactions": list(entries or [vcr_entry()]), "version": 1}, allow_unicode=True).encode()


def vcr_lists(*entries):
    """Requests and responses side by side, gzipped."""
    document = {"requests": [e["request"] for e in entries], "responses": [e["response"] for e in entries]}
    return gzip.compress(yaml.safe_dump(document).encode())


def har_entry(body=BODY, *, asked=ASKED, status=200, headers=HEAD, url=URL, encoding="base64"):
    text = base64.b64encode(body).decode() if encoding == "base64" else body.decode()
    content = {"size": len(body), "mimeType": "text/event-stream", "text": text}
    return {
        "startedDateTime": "2026-05-27T08:00:00.000Z",
        "time": 900.5,
        "request": {
            "method": "POST",
            "url": url,
            "headers": [
                {"name": ":authority", "value": "api.openai.com"},
                {"name": "Authorization", "value": f"Bearer {SECRET}"},
            ],
            "postData": {"mimeType": "application/json", "text": json.dumps(asked)},
        },
        "response": {
            "status": status,
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
            "content": {**content, **({"encoding": "base64"} if encoding else {})},
        },
        "timings": {"blocked": -1, "dns": 1, "connect": 2, "send": 3.5, "wait": 100, "receive": 790},
    }


def har(*entries):
    return json.dumps({"log": {"version": "1.2", "entries": list(entries or [har_entry()])}}).encode()


def payload_lines():
    return "\n".join(LINES).encode() + b"\n"
