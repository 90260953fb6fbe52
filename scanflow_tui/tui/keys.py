"""Every action of the screens in one table: footer, help, palette and docs/keys.md come from it.

Pure. A key is a Textual key name, or the character where it prints (``space`` has its name).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, Protocol

Group = Literal["Move", "Do", "See", "Leave"]

GROUPS: tuple[Group, ...] = ("Move", "Do", "See", "Leave")

PLACES: dict[str, str] = {
    "sessions": "Sessions",
    "workflow": "Workflow",
    "logs": "Logs",
    "drift": "Drift",
    "label": "Label",
    "decide": "Decide",
    "result": "Result",
}
"""Every place by id, with its name. The replay transport is no place: it lies over all of them."""

SESSION_PLACES = tuple(place for place in PLACES if place != "sessions")
OWN_KEYS = frozenset({"label"})
"""Places where letters and digits belong to the task: few actions of others hold there."""

ALWAYS = frozenset({"back", "help", "palette", "redraw"})


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person can do.

    ``label`` is the footer's word, ``says`` the sentence of help and palette. No ``places`` means
    everywhere. ``footer`` orders the footer (higher first, 0 never). ``changes`` marks what a
    replay refuses. The method that does it is ``act_<id>`` of the screen, or else of the app.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    says: str
    group: Group
    places: tuple[str, ...] = ()
    footer: int = 0
    changes: bool = False


def _go(place: str, key: str, label: str, says: str, footer: int) -> Action:
    # On Label, letters are the task's: its own actions below lead on, the palette does the rest.
    return Action(f"go_{place}", (key,), label, says, "See", SESSION_PLACES, footer)


EVERYWHERE: tuple[Action, ...] = (
    Action("up", ("up", "k"), "up", "Move up, or to the node above", "Move"),
    Action("down", ("down", "j"), "down", "Move down, or to the node below", "Move"),
    Action("left", ("left", "h"), "left", "Move left, or upstream", "Move"),
    Action("right", ("right", "l"), "right", "Move right, or downstream", "Move"),
    Action("first", ("g", "home"), "first", "Go to the first", "Move"),
    Action("last", ("G", "end"), "last", "Go to the last", "Move"),
    Action("page_up", ("pageup",), "page up", "One page up", "Move"),
    Action("page_down", ("pagedown",), "page down", "One page down", "Move"),
    Action("next_pane", ("tab",), "next pane", "Go to the next pane", "Move"),
    Action("previous_pane", ("shift+tab",), "previous pane", "Go to the pane before", "Move"),
    Action("help", ("?",), "help", "Show every key of this screen", "See", footer=6),
    Action("palette", ("ctrl+p",), "all", "Find any action by its name", "See", footer=5),
    Action("redraw", ("ctrl+l",), "draw anew", "Draw the whole screen anew", "See"),
    Action("back", ("escape",), "back", "Back", "Leave", footer=2),
    Action(
        "leave",
        ("q",),
        "back",
        "Back; from the first screen: leave; on Label only esc does",
        "Leave",
        footer=1,
    ),
)

GO: tuple[Action, ...] = (
    _go("workflow", "w", "workflow", "Show the workflow graph", 20),
    _go("logs", "o", "log", "Show the log of the node", 60),
    _go("drift", "d", "drift", "Show what the check found about the batch", 18),
    _go("label", "a", "annotate", "Label the images of the queue", 19),
    _go("decide", "e", "evidence", "Show the options and their evidence, and decide", 17),
    _go("result", "r", "result", "Show the evaluation of the candidate", 16),
    Action(
        "replay", ("p",), "replay", "Replay this session, read only", "See",
        ("sessions", *SESSION_PLACES), 15,
    ),
)  # fmt: skip

CHANGES = True
Row = tuple[str, str, str, str, Group, int] | tuple[str, str, str, str, Group, int, bool]


def _own(place: str, *rows: Row) -> tuple[Action, ...]:
    """A place's own actions: id, keys, footer word, sentence, group, footer order, changes."""
    return tuple(
        Action(row[0], tuple(row[1].split()), row[2], row[3], row[4], (place,), row[5], *row[6:])
        for row in rows
    )


FOUND = ("workflow", "logs")
FIND: tuple[Action, ...] = (
    Action("find", ("/",), "find", "Search or filter", "See", (*FOUND, "drift", "sessions"), 40),
    Action("next_match", ("n",), "match", "Go to the next match", "Move", FOUND, 35),
    Action("previous_match", ("N",), "match", "Go to the match before", "Move", FOUND, 35),
)

SESSIONS = _own(
    "sessions",
    ("open", "enter", "open", "Open the session", "Do", 100),
    ("new", "c", "new", "Start a session from pipeline.yaml here", "Do", 50),
    ("verify", "v", "verify", "Verify the session's chain of hashes", "Do", 45),
)

WORKFLOW = _own(
    "workflow",
    ("open_node", "enter", "open", "Open what the node waits for or made", "Do", 100),
    ("fold", "f", "fold", "Fold the steps, fold the agents, unfold", "See", 50),
    ("fold_group", "F", "group", "Fold or unfold a foreach group (right button too)", "See", 49),
    ("jump", ".", "to the active", "Go to what runs or needs you", "Move", 45),
    ("cancel", "x", "cancel", "Cancel the node, or the run", "Do", 39, CHANGES),
    (
        "retry",
        "t",
        "retry",
        "Try the node again; if it was made, make it again",
        "Do",
        38,
        CHANGES,
    ),
    ("resume", "R", "resume", "Resume the run: what succeeded is not repeated", "Do", 42, CHANGES),
    ("messages", "m", "messages", "Show the conversation of agents and people", "See", 37),
    ("commands", "c", "commands", "Show what was really run, to copy", "See", 36),
    ("artifacts", "i", "artifacts", "Show what the node read and made", "See", 35),
    ("copy_row", "y", "copy", "Copy the command, the hash or the message", "Do", 29),
    ("zoom_in", "+", "larger", "Larger: from the list to boxes, to framed boxes", "See", 0),
    ("zoom_out", "-", "smaller", "Smaller: to boxes without frames, to a list", "See", 0),
    ("pan_left", "H", "pan", "Show what lies to the left, the cursor stays", "Move", 0),
    ("pan_down", "J", "pan", "Show what lies below", "Move", 0),
    ("pan_up", "K", "pan", "Show what lies above", "Move", 0),
    ("pan_right", "L", "pan", "Show what lies to the right", "Move", 0),
    ("previous_run", "[", "run", "Show the run before", "Move", 30),
    ("next_run", "]", "run", "Show the next run", "Move", 30),
)

LOGS = _own(
    "logs",
    ("follow", "F", "follow", "Follow the end of the log", "Do", 90),
    ("failure", "!", "failure", "Go to the line that tells why it failed", "Move", 92),
    ("filter", "f", "filter", "Show only the lines with some words", "See", 36),
    ("stream", "s", "stream", "Show both streams, out alone, ERR alone", "See", 34),
    ("previous_step", "[", "step", "Show the log before this one", "Move", 33),
    ("next_step", "]", "step", "Show the log after this one", "Move", 33),
    ("beside", "+", "beside", "Show one more log beside this one", "See", 29),
    ("alone", "-", "close", "Close this log, keep the others", "See", 28),
    ("time", "t", "time", "Time since the start, or of the day", "See", 32),
    ("copy", "y", "copy", "Copy the match, or what is on screen", "Do", 31),
    ("save", "S", "save", "Save the log to a file here", "Do", 30),
)

DRIFT = _own(
    "drift",
    ("previous_batch", "[", "batch", "Show the batch before", "Move", 60),
    ("next_batch", "]", "batch", "Show the next batch", "Move", 60),
    ("previous_flagged", "left h", "image", "Show the flagged images before", "Move", 50),
    ("next_flagged", "right l", "image", "Show the next flagged images", "Move", 50),
    ("compare", "c", "compare clean", "Compare with the last batch without alarm", "See", 35),
    ("limits", "i", "limits", "Show limits, sizes and slices of the check", "See", 34),
)

LABEL = _own(
    "label",
    ("label_up", "up k", "up", "Move up", "Move", 0),
    ("label_down", "down j", "down", "Move down", "Move", 0),
    ("label_left", "left h", "left", "Move left", "Move", 0),
    ("label_right", "right l", "right", "Move right", "Move", 0),
    ("label_page_up", "pageup", "page up", "The page before", "Move", 0),
    ("label_page_down", "pagedown", "page down", "The next page", "Move", 0),
    ("label_first", "home", "first", "Go to the first image", "Move", 0),
    ("label_last", "end", "last", "Go to the last image", "Move", 0),
    ("accept", "space", "accept guess", "Label with the guess, move on", "Do", 95, CHANGES),
    (
        "reject",
        "-",
        "reject guess",
        "Say no to the guess, the class comes later",
        "Do",
        72,
        CHANGES,
    ),
    ("undo", "u backspace", "undo", "Take the last label back", "Do", 90, CHANGES),
    ("redo", "U", "redo", "Give the label back that was taken back", "Do", 70, CHANGES),
    ("skip", "s", "skip", "Skip this image for now", "Do", 85, CHANGES),
    ("unsure", "z", "unsure", "Say that you are not sure", "Do", 80, CHANGES),
    ("invalid", "x", "not an image", "Say that this is no image of any class", "Do", 75, CHANGES),
    ("note", "n", "note", "Write a note on this image", "Do", 65, CHANGES),
    ("single", "enter", "single or grid", "One image, large, or the grid", "See", 60),
    ("finish", "F", "finish", "Finish labelling, after the counts", "Do", 55, CHANGES),
    ("judge", "v V", "judge guesses", "Judge guesses only: space yes, - no", "Do", 62, CHANGES),
    (
        "reopen",
        "R",
        "label on",
        "Open labelling again, until a decision is taken",
        "Do",
        54,
        CHANGES,
    ),
    ("accept_page", "A", "accept page", "Accept the guesses of this page", "Do", 50, CHANGES),
    ("pick_class", "/", "class by name", "Find a class by its name", "Do", 45, CHANGES),
    ("blind", "b", "blind", "Hide or show the guesses", "See", 40),
    ("order", "O", "order", "Choose the order of the queue", "See", 35),
    ("filtered", "f", "before/after", "The image as the filter leaves it, and back", "See", 33),
    ("nearest", "e", "most like it", "Training images most like this one", "See", 32),
    ("contrast", "c", "contrast", "Stretch the contrast of the picture", "See", 30),
    ("invert", "i", "invert", "Invert the picture", "See", 28),
    ("zoom_larger", "]", "zoom", "Nearer to the middle of the picture", "See", 25),
    ("zoom_smaller", "[", "zoom", "Back to the whole picture", "See", 26),
    ("guide", "G", "guide", "Show the guidelines of the classes", "See", 24),
    ("more", "tab", "more keys", "Show the footer's next keys", "See", 4),
)

DECIDE = _own(
    "decide",
    ("decide", "s", "decide", "Take the decision, after one question", "Do", 95, CHANGES),
    ("preview", "v", "what will run", "Show which nodes the option will run", "See", 90),
    ("reason", "tab", "reason", "Go to the reason, or back to the options", "Move", 92),
)

RESULT = _own(
    "result",
    ("images", "enter", "images", "Show the images that changed, or the table", "See", 90),
    ("promote", "P", "promote", "Put the candidate into production", "Do", 95, CHANGES),
    ("roll_back", "B", "roll back", "Put the version before back", "Do", 85, CHANGES),
    ("discard", "X", "discard", "Do not promote the candidate", "Do", 84, CHANGES),
    ("confusion", "c", "confusion matrix", "Show the confusion matrix", "See", 80),
    ("previous_image", "left h", "image", "Show the images before", "Move", 50),
    ("next_image", "right l", "image", "Show the next images", "Move", 50),
)

TRANSPORT: tuple[Action, ...] = (
    Action("play", ("space",), "play", "Play, or stop", "Move", footer=200),
    Action("step_back", (",",), "step", "One event back", "Move", footer=199),
    Action("step_on", (".",), "step", "One event on", "Move", footer=198),
    Action("decision_before", ("<",), "decision", "Go to the decision before", "Move", footer=197),
    Action("decision_next", (">",), "decision", "Go to the next decision", "Move", footer=196),
    Action(
        "speed", tuple("123456789"), "speed", "Play this many times as fast", "Move", footer=195,
    ),
)  # fmt: skip
"""In a replay these win in every place; ``speed`` is told its digit."""

ACTIONS: tuple[Action, ...] = (
    *EVERYWHERE, *GO, *FIND, *SESSIONS, *WORKFLOW, *LOGS, *DRIFT, *LABEL, *DECIDE, *RESULT,
)  # fmt: skip


class Stroke(Protocol):
    """What a Textual key event says of a key."""

    key: str
    character: str | None


def pressed(event: Stroke) -> str:
    """A key event as this table names it: the character where it prints."""
    if event.key != "space" and event.character and event.character.isprintable():
        return event.character
    return event.key


_SHOWN = {
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def shown(key: str) -> str:
    """A key as people write it."""
    return _SHOWN.get(key, key)


def key_words(names: tuple[str, ...]) -> str:
    """``↑ k``; of many that follow one another ``1-9``."""
    if len(names) > 3:
        return f"{shown(names[0])}-{shown(names[-1])}"
    return " ".join(shown(name) for name in names)


def holds(action: Action, place: str) -> bool:
    """Whether an action's key may be pressed in a place at all."""
    if action.places:
        return place in action.places and not (place in OWN_KEYS and action in GO)
    return place not in OWN_KEYS or action.id in ALWAYS


@cache
def actions_of(place: str, *, replay: bool = False) -> tuple[Action, ...]:
    """The actions whose keys hold in a place; a place's own come before those of everywhere."""
    found = [action for action in ACTIONS if holds(action, place)]
    found.sort(key=lambda action: not action.places or action in GO)
    return (*TRANSPORT, *found) if replay else tuple(found)


def in_force(actions: Iterable[Action]) -> list[Action]:
    """The actions with the keys that reach them: of two that share one, the first has it."""
    taken: set[str] = set()
    found = []
    for action in actions:
        left = tuple(key for key in action.keys if key not in taken)
        taken.update(left)
        if left:
            found.append(action if left == action.keys else replace(action, keys=left))
    return found


def action_of(place: str, key: str, *, replay: bool = False) -> Action | None:
    """What a key does in a place, or None. In a replay the transport's keys win."""
    return _by_key(place, replay=replay).get(key)


@cache
def _by_key(place: str, *, replay: bool) -> dict[str, Action]:
    found: dict[str, Action] = {}
    for action in actions_of(place, replay=replay):
        for key in action.keys:
            found.setdefault(key, action)
    return found


def by_id(action_id: str) -> Action:
    """The action with this id. Raises KeyError."""
    for action in (*ACTIONS, *TRANSPORT):
        if action.id == action_id:
            return action
    raise KeyError(action_id)


def clashes(place: str) -> list[str]:
    """Keys of a place's own actions that name two of them (a test holds this empty)."""
    seen: dict[str, str] = {}
    found = []
    for action in ACTIONS:
        if not action.places or place not in action.places or not holds(action, place):
            continue
        for key in action.keys:
            if key in seen:
                found.append(f"{key}: {seen[key]} and {action.id}")
            seen[key] = action.id
    return found


def document() -> str:
    """The text of docs/keys.md."""
    lines = [
        "# Keys",
        "",
        "Made from `scanflow_tui/tui/keys.py` by `python -m scanflow_tui.tui.keys`; do not edit.",
        "In a replay its keys win in every place, and what changes something is refused.",
        "",
    ]
    lines += _table("Everywhere", "", EVERYWHERE)
    lines += _table("From one screen of a session to another", "", GO)
    for place, name in PLACES.items():
        own = [a for a in ACTIONS if a not in GO and place in a.places]
        lines += _table(name, place, own)
    lines += _table("Replay", "", TRANSPORT)
    return "\n".join(lines).rstrip() + "\n"


def _table(title: str, place: str, actions: Iterable[Action]) -> list[str]:
    lines = [f"## {title}", ""]
    if place in OWN_KEYS:
        lines += ["Class keys come from `pipeline.yaml` and win over every key below.", ""]
    lines += ["| key | what it does | changes something |", "|---|---|---|"]
    for action in actions:
        keys = " ".join(f"`{shown(key)}`" for key in action.keys)
        lines.append(f"| {keys} | {action.says} | {'yes' if action.changes else ''} |")
    return [*lines, ""]


if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
