"""Records the litellm proxy: ``python -m tests.interop.providers.litellm_proxy --out cassettes/litellm``.

Several ways through it, each a dialect of its own: an answer it makes up itself; a Responses upstream that
it passes on, three of them; and a Chat Completions upstream that it translates.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.interop.providers import aimock, llama_server, transformers_serve
from tests.interop.providers.answers import TALKS
from tests.interop.providers.environments import folder, python_environment, version
from tests.interop.providers.recording import KEY, UPSTREAM_VARIABLE, Session, main
from tests.interop.providers.server import Server

CONFIG = "proxy.yaml"

_BEHIND = {"api_base": f"os.environ/{UPSTREAM_VARIABLE}", "api_key": "none"}
MODELS = {
    "mock": {"model": "openai/mock", "api_key": "none", "mock_response": TALKS[0][1]["content"]},
    "passed-on": {"model": f"openai/{transformers_serve.MODEL}", **_BEHIND},
    "translated": {"model": f"lm_studio/{transformers_serve.MODEL}", **_BEHIND},
}
"""By what a client calls it: what litellm does for it."""


def environment() -> Path:
    return python_environment("litellm", ["litellm[proxy]"])


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


def sessions() -> list[Session]:
    llama, transformers, mock = llama_server.server(), transformers_serve.server(), aimock.server()
    return [
        Session(server("mock"), ("greeting", "bad-request", "bad-json", "unknown-model"), "mock-"),
        Session(server("passed-on"), WITH_UPSTREAM, "llama-", llama),
        Session(server("translated"), WITH_UPSTREAM, "chat-", llama),
        # llama-server has said all it has to say before a kill can reach it.
        Session(server("translated"), ("upstream-killed",), "chat-", transformers),
        Session(server("passed-on"), ("greeting",), "transformers-", transformers),
        Session(server("passed-on"), MOCKED_UPSTREAM, "aimock-", mock),
    ]


WITH_UPSTREAM = (
    *("greeting", "many-tongues", "two-turns", "one-call", "two-calls", "text-and-call", "thinking", "length-limit"),
    *("client-abort", "server-killed"),
)
MOCKED_UPSTREAM = ("greeting", "two-calls", "thinking", "rate-limited", "filtered", "broken-off", "upstream-killed")


if __name__ == "__main__":
    main("tests.interop.providers.litellm_proxy", "litellm", sessions())
