"""The history of a plan's drafts, so that a change can be undone. Pure."""

from __future__ import annotations

from mmrec_tui.app.draft import Draft

_MOST = 200


class Drafts:
    """The newest draft and earlier ones. Letters typed into one field count as one change."""

    def __init__(self, first: Draft) -> None:
        self.now = first
        self._past: list[Draft] = []
        self._field = ""

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    def change(self, draft: Draft, field: str = "") -> None:
        """field: the one being typed into; empty for any other change."""
        if draft == self.now:  # a field that was emptied before text is typed into it
            return
        if not (field and field == self._field):
            self._past = [*self._past[-_MOST:], self.now]
        self.now, self._field = draft, field

    def undo(self) -> Draft | None:
        """The draft before the last change, which becomes the newest; None if nothing was changed."""
        if not self._past:
            return None
        self.now, self._field = self._past.pop(), ""
        return self.now
