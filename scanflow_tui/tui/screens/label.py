"""The annotator's screen: images, one stroke each, everything said at once and saved behind it.

It holds cursor, view, order and drafts; what was said is in the session. Keys never wait.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult

from scanflow_tui.client.source import Update
from scanflow_tui.tui import doing, keys, leaving
from scanflow_tui.tui.labelling.annotating import DOES, NO_GUESS, Annotating
from scanflow_tui.tui.labelling.footer import LabelFooter
from scanflow_tui.tui.labelling.queue import counts
from scanflow_tui.tui.labelling.soon import Soon
from scanflow_tui.tui.labelling.workbench import Workbench
from scanflow_tui.tui.present import label as show
from scanflow_tui.tui.present import label_judge as judge
from scanflow_tui.tui.present.class_keys import MOVED
from scanflow_tui.tui.screens.label_questions import ASKS, Finished
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.label_board import LabelBoard

TWICE_S = 5.0
"""So close together two keys mean that one wants out."""
LEAVES = "esc once more leaves: what you said is saved, and you come back to this place"
ASKING = "⠋ asking the terminal what it can show: press the key again in a moment"
UNMARKED = "the page is another one now: nothing was accepted"
NO_LEAVE = "esc leads back: q may be a class here, and a slip would leave"
PASTED = "pasted text is never a command: nothing was labelled"


class LabelScreen(Place):
    """One annotator at the label node that asks, or asked last."""

    place: ClassVar[str] = "label"
    quick: ClassVar[bool] = True
    text_only: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self._made: Workbench | None = None
        self._trouble = ("", 0)
        self._back_s = -TWICE_S
        self._footer = LabelFooter(self)
        self._soon = Soon(self, lambda: self._answered(""))
        self.hears, self.before_bars = self._soon.heard, self._soon.catch_up
        self.is_typing = self._soon.is_typing
        self.keeps = lambda: self.bench.keep_place()

    @property
    def bench(self) -> Workbench:
        """The work, which outlives this screen's being on top."""
        if self._made is None:
            self._made = Workbench(
                self.scanflow, self._answered, self._soon.wanted,
                lambda: self.is_made and self.ahead.is_open,
            )  # fmt: skip
            self.doers = (Finished(self.scanflow, self._made),)
        return self._made

    def compose_body(self) -> ComposeResult:
        """One board."""
        yield LabelBoard(
            ascii=self.scanflow.ascii, legible=self.legible, showing=self.scanflow.showing
        )

    def show(self, update: Update | None) -> None:
        """Take the newest desk in and draw."""
        self.bench.catch_up()
        self._draw()

    def status(self) -> str:
        """How far, how fast, how long yet."""
        work = self.bench.open_work
        if work is None:
            return ""
        per_minute = show.pace(work.said_at_s)
        return show.status(
            counts(work.queue), per_minute, blind=work.blind, order=work.order,
            width=self.app.size.width,
        )  # fmt: skip

    def crumbs(self) -> tuple[str, ...]:
        """The batch and whose queue it is, where there is room."""
        bench = self.bench
        if self.app.size.width < show.WIDE or bench.check is None:
            return ()
        return (bench.check.batch, *bench.mates.crumb(bench.desk))

    def why_not(self, action: keys.Action) -> str:
        """Everything needs something to label; some keys need more."""
        if "label" not in action.places or action in keys.GO or action.id in ("single", "more"):
            return ""
        work = self.bench.open_work
        if action.id == "reopen":
            return self.bench.why_not_reopened()
        if work is None:
            return "nothing to label"
        if action.changes and (small := show.too_small(*self.app.size)):
            return small
        if action.id == "finish" and self.bench.mates.is_guest:
            return "the owner ends the labelling; all that you said is saved"
        if action.id in ("accept", "reject") and work.is_hidden(work.entry):
            return NO_GUESS
        if action.id == "filtered":
            return self.bench.why_not_filtered()
        if action.id == "nearest" and not work.entry.near:
            return "the check names no training images like this one"
        if action.id == "guide" and not (self.bench.guidelines or self.bench.examples()):
            return "this pipeline has no guidelines and the check showed no examples"
        return ""

    def footer_text(self, width: int) -> Text:
        """The keys in force; while a page is framed, what is asked of it."""
        work = self.bench.open_work
        if work is not None and work.marked:
            framed = [entry for entry in work.entries if entry.id in work.marked]
            return Text(f" {show.accept_text(framed, work.keys)}", TONES["you"])
        return self._footer.text(width)

    def took_key(self, key: str) -> bool:
        """Class keys come first; a page that is about to be accepted before all."""
        work = self.bench.open_work
        self._soon.pressed()
        if key != "escape":
            self._back_s = -TWICE_S
        if work is not None:
            work.key = work.strokes + key
        if self.scanflow.showing.is_asking(self.scanflow.steady_s()) and key != "escape":
            self.say(ASKING)
            return True
        if work is None or self.scanflow.transport is not None:
            # No class key is in force: the letters of the places are.
            for action in (*keys.GO, keys.by_id("leave")):
                if key in action.keys:
                    self.act(action, key)
                    return True
        if work is None:
            return False
        if work.marked:
            work.key = f"A {key}"
            self._after(work.answer_marked(key, self.scanflow.steady_s()))
            return True
        strokes = work.strokes + key
        if work.strokes:
            work.strokes = ""
            if len(key) == 1 and work.keys.index(strokes) is None:
                self.say(f"no class has the keys {strokes}")
            elif key not in ("escape", "backspace") and len(key) > 1:
                self.say(f"{keys.shown(key)} is no second key: nothing was labelled")
        elif work.keys.begins(key):
            work.strokes = key
            self._draw()
            return True
        index = work.keys.index(strokes)
        if index is not None:
            self._label(work, index)
        elif len(strokes) > 1 and strokes != key:
            self._draw()
        elif work.keys.letters_are_classes and key in MOVED:
            self.act(keys.by_id(MOVED[key]), key)
        elif work.keys.letters_are_classes and key in show.CLASS_CHARACTERS:
            self.say(f"no class has the key {key}")
        elif key in keys.by_id("leave").keys:
            self.say(NO_LEAVE)
        else:
            return False
        return True

    def act(self, action: keys.Action, key: str = "") -> None:
        """What changes the work is a table, what asks first another; the rest are methods."""
        work = self.bench.open_work
        moves = action.id.startswith("label_")
        known = moves or action.id in DOES or action.id in ASKS
        if work is None or not known or doing.why_not(self, action):
            super().act(action, key)
        elif action.id in ASKS:
            self.ahead.begin()
            self.run_worker(self._ask(action.id, work))
        elif moves:
            board = self.query_one(LabelBoard)
            layout = board.layout_of(work, self.bench.picture_px())
            work.move(action.id.removeprefix("label_"), layout, self.scanflow.steady_s())
            self._after("")
        else:
            self._after(DOES[action.id](work, self.scanflow.steady_s()))

    def act_back(self) -> None:
        """From judging to the queue, from the single view to the grid it came from, else back."""
        work = self.bench.open_work
        if work is not None and work.asked is not None:
            self._after(DOES["judge"](work, self.scanflow.steady_s()))
            return
        fits = self.query_one(LabelBoard).grid_fits(self.bench.picture_px())
        if work is not None and work.single and fits:
            work.single = False
            self._draw()
            return
        self.bench.keep_place()
        if len(self.app.screen_stack) > 1:
            self.scanflow.moves.act_back()
            return
        # Opened by ``scanflow label``: no place is below, and q may be a class.
        now_s, before_s = self.scanflow.steady_s(), self._back_s
        self._back_s = now_s
        if now_s - before_s < TWICE_S:
            leaving.leave(self.scanflow)
        else:
            self.say(LEAVES)

    def act_single(self) -> None:
        """One image, or the grid; where there is nothing to label, the evidence."""
        work = self.bench.open_work
        if work is None:
            self.scanflow.moves.go("decide")
        elif not self.query_one(LabelBoard).grid_fits(self.bench.picture_px()):
            self.say("single view only: the terminal is too small for a grid of pictures")
        else:
            work.single = not work.single
            self._draw()

    def act_more(self) -> None:
        """The footer's next keys."""
        self._footer.more()

    def act_accept_page(self) -> None:
        """Frame the tiles that would take their guess; ``a`` does it."""
        work = self.bench.open_work
        if work is None:
            return
        board = self.query_one(LabelBoard)
        entries = work.acceptable(board.layout_of(work, self.bench.picture_px()))
        if not entries:
            self.say("no tile of this page shows a guess and waits for a label")
            return
        work.marked = frozenset(entry.id for entry in entries)
        self._draw()
        self.paint_bars()

    def on_paste(self, event: events.Paste) -> None:
        """A pasted burst is not a command."""
        event.stop()
        self.say(PASTED)

    async def _ask(self, action: str, work: Annotating) -> None:
        try:
            sentence = await ASKS[action](self.scanflow, self.bench, work)
        finally:
            self.ahead.end()
        self._after(sentence)

    def _label(self, work: Annotating, index: int) -> None:
        if not self.known.writable:
            self.say(doing.READ_ONLY)
            return
        if small := show.too_small(*self.app.size):
            self.say(small)
            return
        self._after(work.say("class", index, self.scanflow.steady_s()))

    def _after(self, sentence: str) -> None:
        """Draw at once, send behind it."""
        self.bench.sent_for()
        self._answered(sentence)

    def _answered(self, sentence: str) -> None:
        work = self.bench.work
        if sentence.startswith("✖") and work is not None:
            # A notice goes with the next key; an annotator at speed would never read it.
            self._trouble = (sentence, counts(work.queue).done)
        if sentence:
            self.scanflow.say(sentence, "bad" if sentence.startswith("✖") else "you")
        if self.is_current:
            self._draw()
            self.paint_bars()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self._soon.drawn()
        board = self.query_one(LabelBoard)
        work, check = self.bench.open_work, self.bench.check
        if work is None or check is None:
            batch, n_queue = ("", 0) if check is None else (check.batch, len(check.queue))
            may = self.known.writable and not self.bench.why_not_reopened()
            waits = self.bench.mates.waits_for(self.bench.desk, self.bench.work)
            said = show.nothing(
                self.known, batch, may_reopen=may, waits=waits, n_queue=n_queue
            )  # fmt: skip
            board.say(said)
            return
        if small := show.too_small(*self.app.size):
            work.marked = frozenset()
            board.say([Text(small)])
            return
        if work.marked and work.unmark(board.layout_of(work, self.bench.picture_px())):
            self.say(UNMARKED)
        done = counts(work.queue).done
        undo = "backspace" if work.keys.letters_are_classes else "u"
        first = show.hint(undo, self.app.size.width) if work.asked is None else judge.HINT
        hint = first if done < show.HINT_UNTIL and self.known.writable else ""
        if not counts(work.queue).open and self.known.writable:
            hint = self.bench.mates.done_words()
        bench, thumbnails = self.bench, self.bench.thumbnails()
        work.witness = partial(board.seen, work, bench.pictures, thumbnails)
        trouble, at = self._trouble
        if trouble and done - at < show.HINT_UNTIL:
            hint = trouble
        if work.order == "second look":
            hint = bench.mates.said_of(work)
        n_named = board.draw(
            work, bench.pictures, thumbnails, note=bench.note(), hint=hint,
            commands=self._footer.entries(work),
        )  # fmt: skip
        if n_named != self._footer.n_named:
            self._footer.n_named = n_named
            self.paint_bars()
        board.draw_near(work, bench.near_pictures, check.thumbnails)
