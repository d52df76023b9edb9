"""Turns the tiny model into a GGUF: ``python tiny_gguf.py LLAMA_CPP_SOURCE MODEL_FOLDER OUT.gguf`` where torch is.

The converter knows a tokenizer by a hash of what it does; this one is nobody's, so its family is named by hand.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path


def main() -> None:
    source, model, out = sys.argv[1:]
    sys.path[:0] = [source, str(Path(source) / "gguf-py")]
    from conversion.base import TextModel

    TextModel.get_vocab_base_pre = lambda self, tokenizer: "qwen2"
    script = str(Path(source) / "convert_hf_to_gguf.py")
    sys.argv = [script, model, "--outfile", out, "--outtype", "f16", "--model-name", "tiny"]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
