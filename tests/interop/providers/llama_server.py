"""Records llama.cpp's ``llama-server``: ``python -m tests.interop.providers.llama_server --out cassettes/llama.cpp``.

The Python binding's source distribution carries the whole of llama.cpp; the server alone is built from it, with every
optional part off: some fifteen minutes on two cores, once. Needs cmake, ninja and a C++ compiler.
"""

from __future__ import annotations

import shutil
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
OPTIONS = (
    *(f"-D{name}=OFF" for name in OFF),
    *("-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG", "-DLLAMA_BUILD_COMMIT=sdist"),
)
HERE = Path(__file__).parent
PROGRAM = "llama-server"
GGUF = "tiny.gguf"


def unpack(place: Path) -> None:
    name = RELEASE.replace("==", "-").replace("llama-cpp-python", "llama_cpp_python")
    pip = (sys.executable, "-m", "pip")
    run(*pip, "download", "--no-deps", "--no-binary", RELEASE.partition("==")[0], RELEASE, cwd=place)
    with tarfile.open(place / f"{name}.tar.gz") as archive:
        archive.extractall(place, filter="data")
    (place / name).rename(place / "source")


def unpacked() -> Path:
    return once("llama.cpp", RELEASE, unpack)


def source() -> Path:
    return unpacked() / "source" / "vendor" / "llama.cpp"


def install(place: Path) -> None:
    """Compiles beside the source, not in ``place``: so an interrupted build goes on where it was."""
    build = unpacked() / "build"
    run("cmake", "-S", source(), "-B", build, "-G", "Ninja", *OPTIONS)
    run("cmake", "--build", build, "--target", PROGRAM)
    shutil.copy2(build / "bin" / PROGRAM, place / PROGRAM)


def gguf() -> Path:
    """The model the servers share, as a file of llama.cpp's own."""
    models = transformers_serve.models()
    made = models / GGUF
    if not made.exists():
        half = made.with_suffix(".half")
        model = models / transformers_serve.MODEL
        run(transformers_serve.environment(), HERE / "tiny_gguf.py", source(), model, half)
        half.rename(made)
    return made


def server() -> Server:
    program = once(PROGRAM, "\n".join((RELEASE, *OPTIONS)), install) / PROGRAM
    model = gguf()
    return Server(
        about=f"llama-server of the llama.cpp in {RELEASE}, a tiny Qwen3 that knows a few talks by heart",
        model=transformers_serve.MODEL,
        command=lambda port: (
            program,
            *("--model", model.name, "--alias", transformers_serve.MODEL, "--host", "127.0.0.1", "--port", str(port)),
            *("--ctx-size", "4096", "--threads", "1", "--jinja"),
        ),
        cwd=model.parent,
    )


if __name__ == "__main__":
    main("tests.interop.providers.llama_server", "llama.cpp", [Session(server)])
