"""From what a person names to a shape: a shape file, a cassette, a folder of them, or a file that can be imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness.cassette import Cassette, load_all
from harness.cassette import load as load_cassette
from harness.cassette.importing import Labels, import_file
from harness.cassette.listing import is_event_stream
from harness.cassette.reader import INDEX
from harness.shape import shapefile
from harness.shape.infer import Stream, infer
from harness.shape.lattice import Shape, join

SHAPE_FILE = "shape.yaml"
"""The name of a provider's shape, beside its cassettes."""


def shape_of(path: Path) -> Shape:
    """The shape that a path stands for. Raises SourceError: broken, or nothing in it."""
    return shape_of_all([path])


def shape_of_all(paths: Sequence[Path]) -> Shape:
    """One shape of several paths. Streams are counted together; shape files can only be joined. Raises SourceError."""
    files = [path for path in paths if path.is_file() and _is_shape(path)]
    cassettes = [cassette for path in paths if path not in files for cassette in cassettes_at(path)]
    shape = infer(streams_of(cassettes))
    for path in files:
        shape = join(shape, shapefile.load(path))
    if not shape.streams:
        raise shapefile.ShapeError(paths[0], "holds no readable event stream")
    return shape


def cassettes_at(path: Path) -> list[Cassette]:
    """Every cassette a path stands for. Raises SourceError."""
    if path.is_dir():
        return [load_cassette(path)] if (path / INDEX).is_file() else load_all(path)
    if path.name == INDEX:
        return [load_cassette(path.parent)]
    return [import_file(path, Labels(provider="unknown"))]


def streams_of(cassettes: Iterable[Cassette]) -> Iterator[Stream]:
    """The event streams of cassettes; answers that are none (errors, coded bodies) say nothing about a shape."""
    for cassette in cassettes:
        for entry in cassette.interactions:
            if cassette.kind == "sse" and is_event_stream(entry.response):
                yield Stream(entry.response.body, cassette.provenance.provider, entry.response.ending == "fin")


def _is_shape(path: Path) -> bool:
    """Whether a file begins as shape files do; what else can be named begins otherwise."""
    with path.open("rb") as file:
        return file.read(len(_MARK)) == _MARK


_MARK = b"shape:"
