"""One output item in the making: every text it has, with each witness of that text kept apart.

The same words arrive up to four times: as deltas, in the part's ``done``, in the item's ``done``, and early in an
``added``. A later kind of witness is the better one, but an empty or absent one says nothing: it never erases what
another has said. Which witness wins is decided only when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from harness.runtime.result import Item, ItemKind, Part
from harness.runtime.view import mapping, plain, text
from harness.runtime.whole import TextKind, texts_of

ITEM_KINDS: dict[str, ItemKind] = {
    "message": "message",
    "function_call": "function_call",
    "custom_tool_call": "custom_tool_call",
    "reasoning": "reasoning",
}
CALLS = frozenset({"function_call", "custom_tool_call"})


class Text:
    """One text of an item: a part of its content or summary, or a call's arguments."""

    __slots__ = (
        "again",
        "annotations",
        "begun",
        "decoded",
        "deltas",
        "echo",
        "ended",
        "item_done",
        "noted",
        "opening",
        "over",
        "part_done",
        "told",
        "twin",
    )

    def __init__(self) -> None:
        self.opening = ""
        self.decoded = False
        """A value was told in the place of text. Written as text by us, it is the least of all witnesses."""
        self.deltas: list[str] = []
        self.part_done = ""
        self.item_done = ""
        self.echo = False
        """Repeats what the item's ``done`` has in another place: not part of the item."""
        self.twin = False
        """Has the very words of another part, and no kind of event tells both: one part that was counted twice."""
        self.ended: dict[str, str] = {}
        """What each kind of ``done`` has told of it."""
        self.begun = False
        """Its ``added`` has come."""
        self.over = False
        """Its ``done`` has come: another ``added`` at its place begins another part."""
        self.again = False
        """Its item was announced again: the next ``added`` at its place begins no other part, but this one again."""
        self.noted: list[Any] = []
        """Annotations from events of their own."""
        self.annotations: tuple[Any, ...] = ()
        """Annotations from the part as a whole."""
        self.told: list[str] = []
        """What callbacks were told of it."""

    @property
    def enders(self) -> set[str]:
        """The kinds of ``done`` that have told the words that stand."""
        return {kind for kind, said in self.ended.items() if said == self.part_done}

    @property
    def best(self) -> str:
        if self.echo or self.twin:
            return ""
        return self.item_done or self.part_done or "".join(self.deltas) or self.opening


class Draft:
    """An item while its events come in; ``kind`` is None until an event tells."""

    __slots__ = (
        "_places",
        "_texts",
        "announced",
        "call_id",
        "closed",
        "encrypted",
        "id",
        "index",
        "kind",
        "name",
        "opened",
        "phase",
        "retold",
        "stated",
        "status",
        "type",
    )

    def __init__(self, kind: ItemKind | None, index: int | None, id: str) -> None:
        self.kind = kind
        self.index = index
        self.id = id
        self.type = ""
        self.announced = False
        """An ``added`` or a ``done`` named it; otherwise only its parts were seen."""
        self.opened = False
        """Its ``added`` has come."""
        self.retold = False
        """Its ``added`` has come again."""
        self.closed = False
        """Its ``output_item.done`` has come."""
        self.status = ""
        self.phase = ""
        self.call_id = ""
        self.name = ""
        self.encrypted = ""
        self.stated: Mapping[str, Any] | None = None
        """The item as an item event gave it last."""
        self._texts: dict[tuple[TextKind, int], Text] = {}
        self._places: dict[tuple[TextKind, int], int] = {}

    def fits(self, kind: ItemKind | None) -> bool:
        return self.kind is None or kind is None or self.kind == kind

    # -- texts ------------------------------------------------------------------------------------------------

    def text(self, kind: TextKind, stated: int) -> Text:
        """The text that an event with this content or summary index is about."""
        place = kind, self._places.get((kind, stated), stated)
        found = self._texts.get(place)
        if found is None:
            found = self._texts[place] = Text()
            found.echo = self.closed and any(known.item_done for known in self.texts(kind))
        return found

    def open_text(self, kind: TextKind, stated: int) -> Text:
        """The text that a part's ``added`` begins: a new one where the one at this place is over."""
        known = self._texts.get((kind, self._places.get((kind, stated), stated)))
        if known is not None and known.over and not known.again and (known.begun or known.deltas):
            self._places[kind, stated] = 1 + max(number for name, number in self._texts if name == kind)
        found = self.text(kind, stated)
        found.begun, found.again = True, False
        return found

    def end_text(self, kind: TextKind, found: Text, said: str, ender: str) -> None:
        """Take a ``done`` of this kind. What was streamed under another number, word for word, was this part."""
        found = self._ended_by(kind, found, said, ender)
        found.over = True
        found.part_done = said or found.part_done
        if said:
            found.ended[ender] = said
            self._mark_twins(kind)
            streamed = [known for known in self.texts(kind) if known.deltas and not (known.over or known.echo)]
            if "".join([*found.deltas, *(piece for known in streamed for piece in known.deltas)]) == said:
                for known in streamed:
                    known.echo = True

    def _ended_by(self, kind: TextKind, found: Text, said: str, ender: str) -> Text:
        """The part that a ``done`` is about: where this one is over with other words, the one that lacks it and has
        these."""
        if found.ended and said not in {"", found.part_done}:
            lacking = [known for known in self.texts(kind) if not (ender in known.ended or known.echo)]
            meant = [known for known in lacking if said in (known.part_done, "".join(known.deltas))]
            return meant[0] if len(meant) == 1 else found
        return found

    def _mark_twins(self, kind: TextKind) -> None:
        ended = [known for known in self.texts(kind) if known.ended and not (known.item_done or known.echo)]
        apart = [known for known in ended if known.deltas]
        for known in ended:
            known.twin = not known.deltas and any(
                known.part_done == other.part_done and known.enders.isdisjoint(other.enders) for other in apart
            )
            if not (known.twin or known.deltas):
                apart.append(known)

    def texts(self, kind: TextKind) -> list[Text]:
        """All texts of a kind, in order."""
        return [self._texts[key] for key in sorted(self._texts) if key[0] == kind]

    def best(self, kind: TextKind) -> str:
        return "".join(found.best for found in self.texts(kind))

    def told(self, kind: TextKind) -> str:
        return "".join(["".join(found.told) for found in self.texts(kind)])

    @property
    def text_kinds(self) -> tuple[TextKind, ...]:
        return tuple(dict.fromkeys(kind for kind, _ in self._texts))

    @property
    def blank(self) -> bool:
        """Whether no witness has given it any content; an item of a kind we do not know is its own content."""
        if self.kind == "other" and self.closed:
            return False
        return not self.encrypted and not any(text.best for text in self._texts.values())

    def final_texts(self) -> list[str]:
        """Its texts that are over, each by its best witness."""
        return [text.best for text in self._texts.values() if self.closed or text.ended or text.item_done]

    def only_repeats(self, whole: str) -> bool:
        """Whether nobody but deltas has told of it, and each of them is a piece of this text."""
        if any(text.ended or text.item_done for text in self._texts.values()):
            return False
        pieces = [piece for text in self._texts.values() for piece in text.deltas]
        return bool(pieces) and all(piece in whole for piece in pieces)

    @property
    def garbled(self) -> bool:
        """Whether it is a call whose arguments nothing can be made of."""
        return self.kind == "function_call" and not _is_json(self.best("arguments"))

    @property
    def length(self) -> int:
        """Characters that were told of all its texts."""
        return sum(len(text.best) for text in self._texts.values() if not text.decoded)

    # -- whole items ------------------------------------------------------------------------------------------

    def describe(self, item: Any) -> None:
        """Take what names the item: never an empty value for one that is known."""
        fields = mapping(item) or {}
        self.type = text(fields.get("type")) or self.type
        if self.kind is None and self.type:
            self.kind = ITEM_KINDS.get(self.type, "other")
        self.id = text(fields.get("id")) or self.id
        self.status = text(fields.get("status")) or self.status
        self.phase = text(fields.get("phase")) or self.phase
        self.call_id = text(fields.get("call_id")) or self.call_id
        self.name = text(fields.get("name")) or self.name
        self.encrypted = text(fields.get("encrypted_content")) or self.encrypted
        if fields:
            self.announced = True
            self.stated = fields

    def open(self, item: Any) -> None:
        """Take an ``added``; text in it stands only until another witness speaks, and a late one says only what a call
        lacks to be answered."""
        self.retold = self.opened
        if self.retold:
            self.tell_again()
        self.opened = True
        if self.closed:
            fields = mapping(item) or {}
            self.call_id = self.call_id or text(fields.get("call_id"))
            self.name = self.name or text(fields.get("name"))
            return
        self.describe(item)
        for kind, number, said, _ in texts_of(item):
            self.text(kind, number).opening = said

    def tell_again(self) -> None:
        """Its parts begin anew: those it has are told once more."""
        for known in self._texts.values():
            known.again = True

    def close(self, item: Any) -> None:
        """Take an ``output_item.done``."""
        self.closed = True
        self.fill(item)

    def fill(self, item: Any) -> None:
        """Take a whole item: from its ``done``, or as a terminal's snapshot has it."""
        self.describe(item)
        said_by_kind: dict[TextKind, dict[int, str]] = {}
        for kind, number, said, notes in texts_of(item, self.best("arguments")):
            said_by_kind.setdefault(kind, {})[number] = said
            found = self._texts.setdefault((kind, number), Text())
            found.item_done, found.echo, found.twin = said, False, False
            found.annotations = notes or found.annotations
        for kind, whole in said_by_kind.items():
            self._drop_splinters(kind, whole)

    def _drop_splinters(self, kind: TextKind, said: dict[int, str]) -> None:
        # Some servers count content_index up with every delta: such parts are splinters of one that the item's
        # done has whole. A part that the done merely left out is kept.
        whole = "".join(said[number] for number in sorted(said))
        extra = [
            found
            for (name, number), found in sorted(self._texts.items(), key=_place)
            if name == kind and number not in said
        ]
        for found in extra:
            # Events that number the whole again, as the last of their splinters; or one alone, that counts otherwise.
            if (found.part_done and found.best in said.values()) or (not found.deltas and len(found.ended) == 1):
                found.echo = True
        extra = [found for found in extra if not found.echo]
        splinters = "".join(found.best for found in extra)
        # Or as many splinters, some of which came twice, or never.
        pieces = all(not found.ended and all(piece in whole for piece in found.deltas) for found in extra)
        # Where the parts that were streamed and those that the done has share no number, one of the two counts wrong.
        streamed_elsewhere = not any(self._texts[kind, number].deltas for number in said)
        # And where one that the done has was told otherwise under its number, it counts otherwise than the deltas do.
        told = {number: "".join(self._texts[kind, number].deltas) for number in said}
        astray = any(part and part != said[number] for number, part in told.items())
        for found in extra:
            unended = found.deltas and not found.part_done
            if (splinters and (pieces or splinters in whole)) or (unended and (streamed_elsewhere or astray)):
                found.echo = True

    # -- the result -------------------------------------------------------------------------------------------

    def item(self, *, whole: bool) -> Item:
        """The item as it stands. ``whole``: the response says that all its items are complete."""
        kind = self.kind or "other"
        arguments = self.best("arguments") if kind in CALLS else None
        valid = kind != "function_call" or _is_json(arguments or "")
        return Item(
            kind=kind,
            type=self.type or kind,
            id=self.id or None,
            index=self.index,
            parts=tuple(self._parts()),
            phase=self.phase or None,
            call_id=self.call_id or None,
            name=self.name or None,
            arguments=arguments,
            invalid_arguments=not valid,
            encrypted_content=self.encrypted or None,
            finished=self._finished(whole, valid),
            payload=plain(self.stated),
        )

    def _finished(self, whole: bool, valid: bool) -> bool:
        if self.status == "incomplete":
            return False
        if self.closed:
            return True
        # Without its own done, a call is made only if it shows that nothing is missing.
        return whole and not self.blank and valid and (bool(self.name) or self.kind not in CALLS)

    def _parts(self) -> Iterator[Part]:
        for kind, number in sorted(self._texts, key=lambda key: (key[0] == "summary", key[1], key[0])):
            found = self._texts[kind, number]
            if kind != "arguments" and (found.best or (found.over and not found.echo)):
                annotations = found.annotations or tuple(found.noted)
                yield Part(kind, found.best, annotations)  # type: ignore[arg-type]


def _place(entry: tuple[tuple[TextKind, int], Text]) -> tuple[TextKind, int]:
    return entry[0]


def _is_json(arguments: str) -> bool:
    try:
        orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return False
    return True
