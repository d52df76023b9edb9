"""Records llama.cpp's ``llama-server``: ``python -m tests.interop.providers.llama_server --out cassettes/llama.cpp``.

The Python binding's source distribution carries the whole of llama.cpp; the server alone is built from it, with every
optional part off: some fifteen minutes on two cores, once. Needs cmake, ninja and a C++ compiler.
"""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

from tests.interop.providers import transformers_serve
from tests.interop.providers.environments import once, run
from tests.interop.providers.recording import Session, main
from tests.interop.providers.server import Server

RELEASE = "llama-cpp-python==0.3.36"
OFF = (
    *("BUILD_SHARED_LIBS", "GGML_CCACHE", "GGML_LLAMAFILE", "GGML_NATIVE", "GGML_OPENMP"),
    *("LLAMA_BUILD_APP", "LLAMA_BUILD_EXAMPLES", "LLAMA_BUILD_TESTS", "LLAMA_BUILD_UI", "LLAMA_USE_PREBUILT_UI"),
    *("LLAMA_OPENSSL", "LLAMA_SUBPROCESS"),
)
HERE = Path(__file__).parent
GGUF = "tiny.gguf"


def build(place: Path) -> None:
    name = RELEASE.replace("==", "-").replace("llama-cpp-python", "llama_cpp_python")
    if not (place / f"{name}.tar.gz").exists():
        run(
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--no-binary",
            RELEASE.partition("==")[0],
            RELEASE,
            cwd=place,
        )
    with tarfile.open(place / f"{name}.tar.gz") as archive:
        archive.extractall(place, filter="data")
    (place / name).rename(place / "source")
    options = [f"-D{name}=OFF" for name in OFF]
    flags = ["-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG", "-DLLAMA_BUILD_COMMIT=sdist"]
    run("cmake", "-S", source(place), "-B", place / "build", "-G", "Ninja", *options, *flags)
    run("cmake", "--build", place / "build", "--target", "llama-server")


def source(place: Path) -> Path:
    return place / "source" / "vendor" / "llama.cpp"


def server() -> Server:
    place = once("llama.cpp", RELEASE, build)
    models = transformers_serve.models()
    if not (models / GGUF).exists():
        run(
            transformers_serve.environment(),
            HERE / "tiny_gguf.py",
            source(place),
            models / transformers_serve.MODEL,
            models / GGUF,
        )
    return Server(
        about=f"llama-server of the llama.cpp in {RELEASE}, a tiny Qwen3 that knows a few talks by heart",
        model=transformers_serve.MODEL,
        command=lambda port: (
            place / "build" / "bin" / "llama-server",
            *("--model", GGUF, "--alias", transformers_serve.MODEL, "--host", "127.0.0.1", "--port", str(port)),
            *("--ctx-size", "4096", "--threads", "1", "--jinja"),
        ),
        cwd=models,
    )


if __name__ == "__main__":
    main("tests.interop.providers.llama_server", "llama.cpp", [Session(server())])
