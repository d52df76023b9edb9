"""Records gpt-oss's reference server: ``python -m tests.interop.providers.gpt_oss --out cassettes/gpt-oss``.

Its stub backend gives one fixed row of tokens, whatever is asked; the server around it is the real one. It needs
Python 3.12 or newer, and the tokens' texts, which it would download: litellm carries the same file.
"""

from __future__ import annotations

import shutil

from tests.interop.providers import litellm_proxy
from tests.interop.providers.environments import folder, python_environment, version
from tests.interop.providers.interpreters import interpreter
from tests.interop.providers.recording import Session, main
from tests.interop.providers.server import Server

RELEASE = "gpt_oss==0.0.9"
OLDEST_PYTHON = (3, 12)
NEEDS = (
    "aiohttp chz docker fastapi html2text lxml openai-harmony requests structlog tenacity termcolor tiktoken uvicorn"
)
VOCABULARY = "fb374d419588a4632f3f557e76b4b70aebbca790"
"""What tiktoken calls the cached file of o200k_base: the SHA-1 of its address."""


def server() -> Server:
    python = python_environment(
        "gpt-oss", NEEDS.split(), ["--no-deps", RELEASE], python=lambda: interpreter(OLDEST_PYTHON)
    )
    encodings = folder("gpt-oss") / "encodings"
    encodings.mkdir(exist_ok=True)
    [carried] = litellm_proxy.environment().parents[1].glob(f"lib/*/site-packages/litellm/**/{VOCABULARY}")
    shutil.copyfile(carried, encodings / "o200k_base.tiktoken")
    return Server(
        about=f"{version(python, 'gpt_oss')}, stub backend: one fixed answer",
        model="gpt-oss-stub",
        command=lambda port: (
            *(python, "-m", "gpt_oss.responses_api.serve"),
            *("--inference-backend", "stub", "--port", str(port)),
        ),
        cwd=folder("gpt-oss"),
        probe="/openapi.json",
        variables={"TIKTOKEN_ENCODINGS_BASE": str(encodings)},
    )


# The stub goes on in its row of tokens where the last answer stopped, so what stops early needs a server of its own,
# and what follows a limit starts in the middle of the row and ends in a crash.
GROUPS = (
    ("greeting", "two-turns", "one-call", "bad-request", "bad-json", "unknown-model"),
    ("length-limit", "broken-off"),
    ("client-abort",),
    ("server-killed",),
)


if __name__ == "__main__":
    main("tests.interop.providers.gpt_oss", "gpt-oss", [Session(server, group) for group in GROUPS])
