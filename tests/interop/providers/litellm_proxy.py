"""Records the litellm proxy: ``python -m tests.interop.providers.litellm_proxy --out cassettes/litellm``.

Several ways through it, each a dialect of its own: an answer it makes up itself; a Responses upstream that
it passes on, three of them; and a Chat Completions upstream that it translates.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from tests.interop.providers import aimock, llama_server, transformers_serve
from tests.interop.providers.answers import TALKS
from tests.interop.providers.environments import folder, python_environment, version
from tests.interop.providers.recording import KEY, UPSTREAM_VARIABLE, Session, main
from tests.interop.providers.server import Server

RELEASE = "litellm[proxy]==1.106.2"
CONFIG = "proxy.yaml"

_BEHIND = {"api_base": f"os.environ/{UPSTREAM_VARIABLE}", "api_key": "none"}
MODELS = {
    "mock": {"model": "openai/mock", "api_key": "none", "mock_response": TALKS[0][1]["content"]},
    "passed-on": {"model": f"openai/{transformers_serve.MODEL}", **_BEHIND},
    "translated": {"model": f"lm_studio/{transformers_serve.MODEL}", **_BEHIND},
}
"""By what a client calls it: what litellm does for it."""


def environment() -> Path:
    return python_environment("litellm", [RELEASE])


def server(model: str) -> Server:
    python = environment()
    place = folder("litellm")
    rows = [{"model_name": name, "litellm_params": parameters} for name, parameters in MODELS.items()]
    (place / CONFIG).write_text(json.dumps({"model_list": rows, "litellm_settings": {"num_retries": 0}}), "utf-8")
    return Server(
        about=version(python, "litellm"),
        model=model,
        command=lambda port: (
            python.with_name("litellm"),
            *("--config", Path(CONFIG), "--host", "127.0.0.1", "--port", str(port)),
        ),
        cwd=place,
        probe="/health/liveliness",
        variables={"LITELLM_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"},
    )


WITH_UPSTREAM = (
    *("greeting", "many-tongues", "two-turns", "one-call", "two-calls", "text-and-call", "thinking", "length-limit"),
    *("client-abort", "server-killed"),
)
MOCKED_UPSTREAM = ("greeting", "two-calls", "thinking", "rate-limited", "filtered", "broken-off", "upstream-killed")

SESSIONS = (
    Session(partial(server, "mock"), ("greeting", "bad-request", "bad-json", "unknown-model"), "mock-"),
    Session(partial(server, "passed-on"), WITH_UPSTREAM, "llama-", llama_server.server),
    Session(partial(server, "translated"), WITH_UPSTREAM, "chat-", llama_server.server),
    # llama-server has said all it has to say before a kill can reach it.
    Session(partial(server, "translated"), ("upstream-killed",), "chat-", transformers_serve.server),
    Session(partial(server, "passed-on"), ("greeting",), "transformers-", transformers_serve.server),
    Session(partial(server, "passed-on"), MOCKED_UPSTREAM, "aimock-", aimock.server),
)


if __name__ == "__main__":
    main("tests.interop.providers.litellm_proxy", "litellm", SESSIONS)
