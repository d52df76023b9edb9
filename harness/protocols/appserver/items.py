"""One thread item with its witnesses kept apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.protocols.appserver.catalogue import ITEMS, ItemType
from harness.protocols.responses.reading import Channel, ChannelKind, ItemReading, Witness


@dataclass(slots=True)
class Draft:
    """An item as far as it was told."""

    id: str
    type: str = ""
    started: bool = False
    finished: bool = False
    in_snapshot: bool = False
    phases: list[str] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    parts: dict[ChannelKind, dict[Witness, dict[int, str]]] = field(default_factory=dict)

    @property
    def kind(self) -> ItemType:
        return ITEMS.get(self.type) or ItemType(self.type or "unknown", {})

    def tell(self, frame: int, item: Mapping[str, Any], witness: Witness) -> None:
        """An item event, or the list at the end, says the whole item."""
        self.frames.append(frame)
        stated, phase = item.get("type"), item.get("phase")
        self.type = stated if isinstance(stated, str) else self.type
        if isinstance(phase, str) and phase not in self.phases:
            self.phases.append(phase)
        for strand, member in self.kind.strands.items():
            self._say(strand, witness, item.get(member))
        if self.kind.called_with:
            self._say(ChannelKind.INPUT, witness, called_with(self.kind, item))

    def continue_with(self, frame: int, strand: ChannelKind, part: int, words: str) -> None:
        """A delta says more."""
        self.frames.append(frame)
        texts = self.parts.setdefault(strand, {}).setdefault(Witness.DELTAS, {})
        texts[part] = texts.get(part, "") + words

    def reading(self, index: int) -> ItemReading:
        called = bool(self.kind.called_with)
        return ItemReading(
            type=self.kind.reads_as,
            index=index,
            ids=(self.id,),
            added=self.started,
            finished=self.finished,
            in_snapshot=self.in_snapshot,
            channels={strand: Channel(strand, told) for strand, told in self.parts.items()},
            call_ids=(self.id,) if called else (),
            names=(self.type,) if called else (),
            phases=tuple(self.phases),
            frames=tuple(dict.fromkeys(self.frames)),
        )

    def _say(self, strand: ChannelKind, witness: Witness, told: Any) -> None:
        texts = told if isinstance(told, list) else [told]
        said = {number: text for number, text in enumerate(texts) if isinstance(text, str) and text}
        if said:
            self.parts.setdefault(strand, {})[witness] = said


def called_with(kind: ItemType, item: Mapping[str, Any]) -> str:
    """What a tool was called with, in one spelling: what the program wrote is one JSON value among others."""
    told = {name: item[name] for name in kind.called_with if item.get(name) is not None}
    return json.dumps(told, sort_keys=True, ensure_ascii=False)
