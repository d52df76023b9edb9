"""The fold: events in, signals out, a result at the end; no waiting, no callbacks, no errors on the way.

An answer is put together from what item events and deltas say while they pass, never from the terminal event, which
tells how the response ended and what it cost. The tables below are the whole of what is read; an event that is not
in them changes nothing. ``feed`` takes any value whatsoever and never raises; ``finish`` raises or returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from harness.runtime.draft import CALLS, ITEM_KINDS, Draft, Text
from harness.runtime.errors import RuntimeStreamError, TruncatedStream
from harness.runtime.events import Damage, Marker
from harness.runtime.identity import Drafts, usable_index
from harness.runtime.result import DAMAGED, INVALID_ARGUMENTS, NO_TERMINAL, RECOVERED, ItemKind, PartKind, Result
from harness.runtime.snapshot import adopt
from harness.runtime.terminal import STATUSES, ending_of, error_frame, failure, stated_error, usage_of
from harness.runtime.view import mapping, plain, text
from harness.runtime.whole import TextKind, arguments_text, part_text


class Delta(NamedTuple):
    """A piece of text for the caller, in the order of arrival."""

    kind: str
    """``text``, ``reasoning`` or ``summary``."""
    text: str


class Reset(NamedTuple):
    """All deltas so far are void; those that stand follow again."""

    reason: str


Signal = Delta | Reset
_Place = tuple[Any, Any, Any, TextKind]
"""What a delta says of where it belongs: output index, item id, number of the text, kind."""
_build = tuple.__new__
"""Builds a Delta of its fields, in half the time that its own constructor takes."""


class _Row(NamedTuple):
    """Events of one kind of text."""

    item: ItemKind
    kind: TextKind
    position: str
    """The field that numbers the texts of this kind within an item."""
    value: str
    """The field of the ``done`` event that has the whole text; a delta has ``delta``."""


_TEXTS = {
    "response.output_text": _Row("message", "text", "content_index", "text"),
    "response.refusal": _Row("message", "refusal", "content_index", "refusal"),
    "response.reasoning_text": _Row("reasoning", "reasoning", "content_index", "text"),
    "response.reasoning": _Row("reasoning", "reasoning", "content_index", "text"),
    "response.reasoning_summary_text": _Row("reasoning", "summary", "summary_index", "text"),
    "response.reasoning_summary": _Row("reasoning", "summary", "summary_index", "text"),
    "response.function_call_arguments": _Row("function_call", "arguments", "", "arguments"),
    "response.custom_tool_call_input": _Row("custom_tool_call", "arguments", "", "input"),
}
_PART_ITEMS: dict[TextKind, ItemKind] = {
    "text": "message",
    "refusal": "message",
    "reasoning": "reasoning",
    "summary": "reasoning",
}
_HOT_PLACES = 1_024
"""Delta places remembered: streams that rotate their ids would fill memory with them."""
_TOLD = frozenset({"text", "reasoning", "summary"})
"""Kinds of text that callers are told while they arrive."""


class Assembler:
    """One response, from its first event to its end. Use one for each attempt."""

    def __init__(self) -> None:
        self.ending: str | None = None
        """How the response ended (a word of terminal.SEVERITY); nothing is taken after that."""
        self.marked_done = False
        """``[DONE]`` was seen: the sender has said that it has nothing more to say."""
        self._drafts = Drafts()
        self._hot: dict[_Place, tuple[Text, bool]] = {}
        self._calls_seen = False
        self._line: list[str] = []
        """All that was told, in the order of telling."""
        self._told_late = self._contradicted = False
        self._flags: set[str] = set()
        self._damage: list[str] = []
        self._error: RuntimeStreamError | None = None
        self._id = self._model = ""
        self._response: Mapping[str, Any] = {}
        self._verbatim: Any = None

    # -- events -----------------------------------------------------------------------------------------------

    def feed(self, event: Any) -> Sequence[Signal]:
        """Take one event: a mapping, an attribute-style object, or anything else, which counts as damage."""
        if self.ending is not None:
            return ()
        fields = event if type(event) is dict else _fields(event)
        if fields is None:
            self._no_event(event)
            return ()
        type_ = text(fields.get("type"))
        row = _DELTAS.get(type_)
        if row is None:
            return self._other(type_, fields)
        # Nearly every event is a delta: what it is about is looked up once, and remembered while that holds.
        piece = fields.get("delta")
        if not isinstance(piece, str) or not piece:
            return ()
        _, kind, position, _ = row
        place = fields.get("output_index"), fields.get("item_id"), fields.get(position), kind
        try:
            found = self._hot.get(place) or self._remember(place, fields, row)
        except TypeError:
            # An id or index that is a list or an object: no way to remember it, nor any need.
            found = self._target(fields, row)
        said, told = found
        said.deltas.append(piece)
        if not told:
            return ()
        said.told.append(piece)
        self._line.append(piece)
        return (_build(Delta, (kind, piece)),)

    def _other(self, type_: str, event: Mapping[str, Any]) -> Sequence[Signal]:
        reader = _READERS.get(type_)
        if reader is not None:
            read, row = reader
            return read(self, event, row)
        ending = ending_of(type_, event)
        return () if ending is None else self._end(ending, event)

    def _no_event(self, event: Any) -> None:
        if event is Marker.DONE or (isinstance(event, str) and event.strip() == Marker.DONE.value):
            self.marked_done = True
        else:
            self._damage.append(event.reason if isinstance(event, Damage) else f"no event: {type(event).__name__}")

    def _target(self, event: Mapping[str, Any], row: _Row) -> tuple[Text, bool]:
        """Where a delta goes, and whether callers are told of it."""
        found = self._place(row.item, row.kind, event, row.position)[1]
        mute = found.item_done or found.part_done or found.echo or (row.kind == "text" and self._calls_seen)
        return found, row.kind in _TOLD and not mute

    def _remember(self, place: _Place, event: Mapping[str, Any], row: _Row) -> tuple[Text, bool]:
        """The target of a delta at this place, kept until an event comes that may change it."""
        found = self._target(event, row)
        if len(self._hot) > _HOT_PLACES:
            self._hot.clear()
        self._hot[place] = found
        return found

    def _text_done(self, event: Mapping[str, Any], row: _Row) -> Sequence[Signal]:
        stated = event.get(row.value)
        draft, found = self._place(row.item, row.kind, event, row.position)
        said = arguments_text(stated, found.best) if row.kind == "arguments" else text(stated)
        if row.kind == "arguments":
            draft.name = draft.name or text(event.get("name"))
            found.decoded = found.decoded or (not isinstance(stated, str) and bool(said))
        return self._part_over(draft, found, row.kind, said, "text")

    def _part_added(self, event: Mapping[str, Any], position: str) -> Sequence[Signal]:
        kind, said, _ = self._part_of(event, position)
        if kind is not None:
            self._hot.clear()
            index, id = usable_index(event.get("output_index")), text(event.get("item_id"))
            draft = self._drafts.concerned(index, id, _PART_ITEMS[kind])
            draft.open_text(kind, usable_index(event.get(position)) or 0).opening = said
        return ()

    def _part_done(self, event: Mapping[str, Any], position: str) -> Sequence[Signal]:
        kind, said, annotations = self._part_of(event, position)
        if kind is None:
            return ()
        draft, found = self._place(_PART_ITEMS[kind], kind, event, position)
        found.annotations = annotations or found.annotations
        return self._part_over(draft, found, kind, said, "part")

    def _part_of(self, event: Mapping[str, Any], position: str) -> tuple[PartKind | None, str, tuple[Any, ...]]:
        """The event's part; of no kind where it is unknown, or empty and of an item that is unknown."""
        kind, said, annotations = part_text(event.get("part"), "summary" if position == "summary_index" else "text")
        index, id = usable_index(event.get("output_index")), text(event.get("item_id"))
        if kind is None or (not said and self._drafts.known(index, id, _PART_ITEMS[kind]) is None):
            return None, "", ()
        return kind, said, annotations

    def _part_over(self, draft: Draft, found: Text, kind: TextKind, said: str, ender: str) -> Sequence[Signal]:
        self._hot.clear()
        draft.end_text(kind, found, said, ender)
        return self._reconcile(draft, kind)

    def _annotation(self, event: Mapping[str, Any], position: str) -> Sequence[Signal]:
        annotation = plain(event.get("annotation"))
        if annotation is not None:
            self._place("message", "text", event, position)[1].noted.append(annotation)
        return ()

    def _item_added(self, event: Mapping[str, Any], _: None) -> Sequence[Signal]:
        item = mapping(event.get("item"))
        if not item:
            return ()
        self._hot.clear()
        stated = text(item.get("type"))
        kind = ITEM_KINDS.get(stated, "other") if stated else None
        index = usable_index(event.get("output_index"))
        draft = self._drafts.announced(index, text(item.get("id")) or text(event.get("item_id")), kind)
        draft.open(item)
        for part in self._drafts.parts_of(draft) if draft.retold else ():
            part.tell_again()
        self._drafts.settle(draft)
        self._calls_seen = self._calls_seen or draft.kind in CALLS
        return ()

    def _item_done(self, event: Mapping[str, Any], _: None) -> Sequence[Signal]:
        item = mapping(event.get("item"))
        if not item:
            # Says neither which item nor what is in it: no witness of anything.
            return ()
        self._hot.clear()
        id = text(item.get("id")) or text(event.get("item_id"))
        draft = self._drafts.finished(usable_index(event.get("output_index")), id, item)
        draft.close(item)
        self._drafts.settle(draft)
        self._calls_seen = self._calls_seen or draft.kind in CALLS
        return self._reconcile_all(draft)

    def _place(self, item: ItemKind, kind: TextKind, event: Mapping[str, Any], position: str) -> tuple[Draft, Text]:
        """The item and the text that an event is about."""
        draft = self._drafts.concerned(usable_index(event.get("output_index")), text(event.get("item_id")), item)
        if draft.kind is None:
            draft.kind = item
        if item in CALLS and not self._calls_seen:
            self._calls_seen = True
            self._hot.clear()
        return draft, draft.text(kind, usable_index(event.get(position)) or 0)

    # -- what callers are told --------------------------------------------------------------------------------

    def _reconcile(self, draft: Draft, kind: TextKind) -> Sequence[Signal]:
        """Tell what a better witness has and no delta had."""
        if not _is_told(draft, kind):
            return ()
        told, best = draft.told(kind), draft.best(kind)
        muted = kind == "text" and self._calls_seen
        if best == told or (muted and best.startswith(told)):
            return ()
        self._told_late = True
        if not best.startswith(told):
            # Contradicted. Taken back once and for all at the end, when nothing can change any more.
            self._contradicted = True
            return ()
        rest = best[len(told) :]
        draft.texts(kind)[-1].told.append(rest)
        self._line.append(rest)
        return (Delta(kind, rest),)

    def _reconcile_all(self, draft: Draft) -> Sequence[Signal]:
        return [signal for kind in draft.text_kinds for signal in self._reconcile(draft, kind)]

    def amend(self) -> Sequence[Signal]:
        """What makes the deltas true that were told; ask once, when the response or the stream is over.

        Deltas of items that interleave stand as they came. Text that came late, out of the order of its item, or
        that contradicts its deltas, has all of it taken back and told again.
        """
        drafts = self._drafts.real()
        if len(drafts) < len(self._drafts):
            self._told_late = True
        kinds = [(draft, kind) for draft in drafts for kind in draft.text_kinds if _is_told(draft, kind)]
        in_order = not self._told_late or "".join(self._line) == "".join(draft.told(kind) for draft, kind in kinds)
        if in_order and not self._contradicted:
            return ()
        signals: list[Signal] = [Reset("a later event contradicts the deltas")]
        for draft, kind in kinds:
            if not (kind == "text" and self._calls_seen and not draft.told(kind)):
                signals += [Delta(kind, found.best) for found in draft.texts(kind) if found.best]
        return signals

    # -- the end ----------------------------------------------------------------------------------------------

    def _lifecycle(self, event: Mapping[str, Any], _: None) -> Sequence[Signal]:
        self._describe(mapping(event.get("response")) or {})
        return ()

    def _describe(self, response: Mapping[str, Any]) -> None:
        self._id = text(response.get("id")) or self._id
        self._model = text(response.get("model")) or self._model

    def _end(self, ending: str, event: Mapping[str, Any]) -> Sequence[Signal]:
        self.ending = ending
        if ending == "error":
            self._error = error_frame(event)
            return ()
        return self._conclude(ending, event.get("response"), event)

    def take_response(self, response: Any) -> Sequence[Signal]:
        """Take a concrete response object instead of events; its ``output`` is then the answer itself."""
        fields = mapping(response) or {}
        self.ending = ending_of("response.completed", {"response": fields})
        if stated_error(fields) and text(fields.get("status")) not in STATUSES:
            # No event's name says how it ended, and neither does its status: then its error does.
            self.ending = "failed"
        elif fields.get("status") in ("queued", "in_progress"):
            self.ending = fields["status"]
        signals = self._conclude(self.ending or "completed", response, {})
        self._flags.discard(RECOVERED)
        return signals

    def _conclude(self, ending: str, response: Any, event: Mapping[str, Any]) -> Sequence[Signal]:
        self._verbatim = response
        self._response = mapping(response) or {}
        self._describe(self._response)
        gained = adopt(self._response.get("output"), self._drafts)
        if gained:
            self._flags.add(RECOVERED)
        if ending in {"failed", "cancelled"}:
            self._error = failure(ending, self._response, event)
        return [signal for draft in gained for signal in self._reconcile_all(draft)]

    def partial(self, status: str | None = None) -> Result:
        """The response as it stands."""
        whole = self.ending == "completed" and not self._damage
        items = tuple(draft.item(whole=whole) for draft in self._drafts.real())
        flags = {DAMAGED} if self._damage else set()
        if any(item.invalid_arguments and item.finished for item in items):
            flags.add(INVALID_ARGUMENTS)
        return Result(
            status=status or self.ending or "in_progress",
            items=items,
            usage=usage_of(self._response.get("usage")),
            id=self._id or None,
            model=self._model or None,
            error=plain(self._response.get("error")),
            incomplete_details=plain(self._response.get("incomplete_details")),
            flags=frozenset(flags | self._flags),
            response=self._verbatim,
        )

    def finish(self) -> Result:
        """The result, once the response or the stream is over.

        Raises StreamErrorEvent, ResponseFailed, ResponseCancelled when the provider said so, and TruncatedStream when
        the stream was over before the response was.
        """
        if self._error is not None:
            self._error.partial = self.partial()
            raise self._error
        if self.ending is not None:
            return self.partial()
        drafts = self._drafts.real()
        if drafts and not self._damage and all(draft.closed and draft.status != "incomplete" for draft in drafts):
            self._flags.add(NO_TERMINAL)
            return self.partial("completed")
        raise TruncatedStream(self._how_truncated(), partial=self.partial())

    def _how_truncated(self) -> str:
        unfinished = sum(not draft.closed for draft in self._drafts.all)
        seen = f"{len(self._drafts)} items seen, {unfinished} unfinished" if len(self._drafts) else "no content seen"
        damage = f"; damaged: {'; '.join(self._damage[:3])}" if self._damage else ""
        return f"the stream did not emit a terminal response ({seen}{damage})"


def _is_told(draft: Draft, kind: TextKind) -> bool:
    # What an item of a kind that we do not know says is not the answer's text, and neither is what reasoning says.
    return kind in _TOLD and draft.kind != "other" and (kind != "text" or draft.kind != "reasoning")


def _fields(event: Any) -> Mapping[str, Any] | None:
    return None if isinstance(event, Damage | Marker) else mapping(event)


_DELTAS = {f"{stem}.delta": row for stem, row in _TEXTS.items()}
_READERS: dict[str, tuple[Callable[[Assembler, Mapping[str, Any], Any], Sequence[Signal]], Any]] = {
    **{f"{stem}.done": (Assembler._text_done, row) for stem, row in _TEXTS.items()},
    "response.content_part.added": (Assembler._part_added, "content_index"),
    "response.content_part.done": (Assembler._part_done, "content_index"),
    "response.reasoning_summary_part.added": (Assembler._part_added, "summary_index"),
    "response.reasoning_summary_part.done": (Assembler._part_done, "summary_index"),
    "response.output_text.annotation.added": (Assembler._annotation, "content_index"),
    "response.output_item.added": (Assembler._item_added, None),
    "response.output_item.done": (Assembler._item_done, None),
    "response.created": (Assembler._lifecycle, None),
    "response.queued": (Assembler._lifecycle, None),
    "response.in_progress": (Assembler._lifecycle, None),
}
