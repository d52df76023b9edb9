"""Records ``transformers serve``: ``python -m tests.interop.providers.transformers_serve --out cassettes/transformers``."""

from __future__ import annotations

from pathlib import Path

from tests.interop.providers.environments import once, python_environment, run, version
from tests.interop.providers.recording import Session, main
from tests.interop.providers.server import Server

TORCH, RELEASE = "torch==2.13.0", "transformers[serving]==5.23.0"
MODEL = "tiny-model"
HERE = Path(__file__).parent


def environment() -> Path:
    """The interpreter beside torch and transformers, which also makes the models."""
    return python_environment("transformers", [TORCH], [RELEASE, "gguf", "sentencepiece"])


def models() -> Path:
    """The folder that holds the model of all servers here; their working folder, so that its name has no path."""
    recipe = (HERE / "tiny_model.py").read_text("utf-8") + (HERE / "answers.py").read_text("utf-8")
    return once("models", recipe, lambda place: run(environment(), HERE / "tiny_model.py", place / MODEL))


def server() -> Server:
    python = environment()
    return Server(
        about=f"{version(python, 'transformers')}, {version(python, 'torch')}, a tiny Qwen3 that knows a few talks by heart",
        model=MODEL,
        command=lambda port: (python.with_name("transformers"), "serve", "--port", str(port), "--device", "cpu"),
        cwd=models(),
        variables={"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(models())},
        warm_up="Say hello.",
    )


if __name__ == "__main__":
    main("tests.interop.providers.transformers_serve", "transformers", [Session(server)])
