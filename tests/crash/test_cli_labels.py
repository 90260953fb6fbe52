"""``scanflow labels``: out of a session, into another, and what does not match."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.labels.interchange import formats
from tests.crash.commandline import CHECK, Commandline

pytestmark = pytest.mark.slow

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
GIVEN = '{"id":"s0","label":"one"}\n{"id":"s1","kind":"unsure"}\n{"id":"s0","label":"zero"}\n'
IGNORED = ("session", "imported_by")


class Asked(Commandline):
    """A session ``toy`` that asks for labels of s0, s1, s2, each with an image."""

    def __init__(self, tmp: Path) -> None:
        super().__init__(tmp)
        (tmp / "one.png").write_bytes(PNG)
        images = f'for i in 0 1 2; do cp "{tmp}/one.png" "$D/out/queue/images/s$i.png"; done\n'
        self.write("check.sh", CHECK + images)
        assert self("run", "--engine", "process").returncode == 0
        assert self("add-batch", self.batch).returncode == 0
        self.until_asked("label")

    def file(self, name: str, text: str | bytes) -> Path:
        path = self.tmp / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def exported(self, form: str = "jsonl", *options: str) -> str:
        done = self("labels", "export", "toy", "--format", form, *options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def records(self, *options: str) -> list[dict[str, object]]:
        """What the session says, without what differs from session to session."""
        rows = [json.loads(line) for line in self.exported("jsonl", *options).splitlines()]
        return [{k: v for k, v in row.items() if k not in IGNORED} for row in rows]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A session in which three labels were given here, one of them superseded."""
    made = Asked(tmp_path_factory.mktemp("labelled"))
    assert made("label", "--labels", made.file("given.jsonl", GIVEN)).returncode == 0
    yield made
    made.end()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Asked]:
    """Another session of the same samples, without a label."""
    made = Asked(tmp_path)
    yield made
    made.end()


def test_every_format_brings_the_labels_into_another_session_and_out_again(
    labelled: Asked, other: Asked
) -> None:
    said = labelled.records("--history")
    assert [(row["sample"], row["kind"], row["state"]) for row in said] == [
        ("s0", "class", "superseded"), ("s1", "unsure", "in_force"), ("s0", "class", "in_force"),
    ]  # fmt: skip
    assert all(row["digest"] and str(row["author"]).startswith("human:u") for row in said)
    for number, form in enumerate(formats.NAMES):
        text = labelled.exported(form, "--history")
        path = other.file(f"labels-{number}", text)
        done = other("labels", "import", "toy", path, "--format", form, "--json")
        assert done.returncode == 0, done.stderr
        assert done.json()["imported"] == (3 if number == 0 else 0)
        assert done.json()["known"] == (0 if number == 0 else 3)
    assert other.records("--history") == said
    assert other.records() == labelled.records()
    again = [json.loads(line) for line in other.exported().splitlines()]
    assert all(row["imported_by"].startswith("human:u") for row in again)
    assert other("verify", "toy").returncode == 0


@pytest.mark.parametrize("form", formats.NAMES)
def test_one_bad_line_of_a_file_and_nothing_is_imported(
    labelled: Asked, form: str, tmp_path: Path
) -> None:
    text = labelled.exported(form).replace('"s1"', '"nobody"').replace("\ns1,", "\nnobody,")
    text = text.replace("images/s1.png", "images/nobody.png")
    path = tmp_path / "bad"
    path.write_text(text)
    done = labelled("labels", "import", "toy", path, "--format", form)
    assert done.returncode == 2
    assert f"{path}:" in done.stderr and "sample 'nobody' is not in the queue" in done.stderr
    assert "nothing was imported" in done.stderr


def test_a_dry_run_changes_nothing_and_partial_brings_in_what_fits(other: Asked) -> None:
    text = (
        "sample,class,author,time\ns0,1,Zoë,2026-01-02T03:04:05Z\ns9,1,Zoë,2026-01-02T03:04:05Z\n"
    )
    path = other.file("labels.csv", text)
    dry = other("labels", "import", "toy", path, "--dry-run", "--partial")
    assert dry.returncode == 2 and "nothing was done" in dry.stdout
    assert other.records() == []
    done = other("labels", "import", "toy", path, "--partial")
    assert done.returncode == 2 and f"{path}:3: " in done.stderr
    (row,) = other.records()
    assert (row["author"], row["time"]) == ("Zoë", "2026-01-02T03:04:05.000000Z")
    shown = other("replay", "toy", "--text").stdout
    assert "LabelImported" in shown and "Zoë" not in shown


def test_an_import_is_listed_taken_back_as_one_act_and_brought_in_again(other: Asked) -> None:
    text = (
        "sample,class,author,time,note,kind\ns0,1,Zoë,2026-01-02T03:04:05Z,,\n"
        "s1,0,Zoë,2026-01-02T03:04:06Z,,\ns1,,Zoë,2026-01-02T03:04:07Z,blurred,note\n"
    )
    path = other.file("labels.csv", text)
    first = other("labels", "import", "toy", path, "--json").json()
    assert (first["imported"], other("labels", "imports", "--json").json()["imports"]) == (
        3,
        [
            other("labels", "imports", "--json").json()["imports"][0]
            | {"import": first["import"], "labels": 3, "came": 3, "phase": "here"}
        ],
    )
    mine = other.file("mine.jsonl", '{"id":"s0","label":"zero"}\n')
    assert other("label", "--labels", mine).returncode == 0
    undone = other("labels", "undo-import", "toy")
    assert undone.returncode == 0 and "words given here stay" in undone.stdout
    (row,) = other.records()
    assert (row["sample"], row["class"], str(row["author"])[:6]) == ("s0", 0, "human:")
    assert sorted(str(row["state"]) for row in other.records("--history")) == [
        "in_force", "undone", "undone", "undone",
    ]  # fmt: skip
    assert "taken back" in other("labels", "imports").stdout
    refused = [
        (["labels", "undo-import", "toy"], 6, "no import is in force"),
        (["labels", "undo-import", "toy", str(first["import"])], 6, "taken back already"),
        (["labels", "undo-import", "toy", "99999"], 2, "no import '99999'"),
        (["labels", "undo-import", "toy", "--partial"], 2, "takes only"),
        (["labels", "imports", "toy", "x"], 2, "lists them all"),
    ]
    for arguments, code, sentence in refused:
        done = other(*arguments)  # type: ignore[arg-type]
        assert (done.returncode, sentence in done.stderr) == (code, True), done.stderr
    again = other("labels", "import", "toy", path, "--json").json()
    assert (again["imported"], again["known"]) == (3, 0)
    assert len(other.records()) == 4
    assert other("verify", "toy").returncode == 0


def test_an_import_that_is_killed_half_way_has_brought_nothing(other: Asked) -> None:
    n = 8_000
    rows = [
        f"s0,1,Zoë,2026-01-02T03:04:05.{at:06d}Z,{'superseded' if at < n - 1 else 'in_force'}\n"
        for at in range(n)
    ]
    path = other.file("labels.csv", "sample,class,author,time,state\n" + "".join(rows))
    with other.start("labels", "import", "toy", str(path)) as running:
        assert running.stderr is not None
        assert any("importing: 8,000" in line for line in running.stderr)
        running.kill()
    (broken,) = other("labels", "imports", "--json").json()["imports"]
    assert (broken["phase"], broken["labels"]) == ("coming", n) and 500 <= broken["came"] < n
    assert "broke off" in other("labels", "imports").stdout
    assert other.records("--history") == []
    again = other("labels", "import", "toy", path, "--json").json()
    assert (again["imported"], again["known"]) == (n, 0)
    (row,) = other.records()
    assert row["time"] == f"2026-01-02T03:04:05.{n - 1:06d}Z"


def test_a_csv_goes_to_a_file_whole_and_names_its_columns(labelled: Asked, tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    done = labelled("labels", "export", "toy", "--out", out, "--json")
    assert done.returncode == 0 and done.json()["format"] == "csv"
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [row["class_name"] for row in rows] == ["", "zero"]
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


def test_what_cannot_be_meant_is_refused_in_one_sentence(labelled: Asked, tmp_path: Path) -> None:
    path = labelled.file("some.txt", "x")
    wrong = [
        (["labels", "export", "toy", "--format", "xml"], 2, "no format 'xml'"),
        (["labels", "export", "toy", "--node", "nowhere"], 2, "no label node 'nowhere'"),
        (["labels", "export", "toy", "--out", tmp_path / "no" / "x.csv"], 5, "cannot be written"),
        (["labels", "import", "toy", path], 2, "--format"),
        (["labels", "import", "toy", tmp_path / "absent.csv"], 5, "cannot be read"),
        (["labels", "import", "toy", tmp_path, "--format", "csv"], 5, "cannot be read"),
        (["labels", "import"], 2, "which file"),
        (["labels", "mix", "toy"], 2, "no act 'mix'"),
    ]
    for arguments, code, sentence in wrong:
        done = labelled(*arguments)  # type: ignore[arg-type]
        assert (done.returncode, sentence in done.stderr) == (code, True), done.stderr
        assert done.stderr.strip().splitlines()[-1].startswith("scanflow: ")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Commandline]:
    """A session whose check finds a drift and puts no sample into the queue."""
    made = Commandline(tmp_path)
    none = CHECK.split("for i in")[0] + ': > "$D/out/queue/queue.jsonl"\n'
    made.write("check.sh", none + CHECK.split("done\n")[1])
    assert made("run", "--engine", "process").returncode == 0
    yield made
    made.end()


def test_a_queue_without_samples_asks_nobody_and_the_run_goes_on(empty: Commandline) -> None:
    done = empty("add-batch", empty.batch, "--wait")
    assert done.returncode == 7 and "scanflow decide" in done.stderr, done.stderr
    said = [empty("label", "toy", *options) for options in ((), ("--json",), ("--finish",))]
    assert [(one.returncode, one.stdout) for one in said] == [(6, "")] * 3
    assert all("asks for no labels now" in one.stderr for one in said)
    again = empty("label", "toy", "--reopen")
    assert again.returncode == 6 and "put no sample into the queue" in again.stderr
    assert empty("labels", "export", "toy").returncode == 0
    decided = empty("decide", "retrain", "--session", "toy", "--reason", "r")
    assert decided.returncode == 7 and "scanflow approve" in decided.stderr, decided.stderr
