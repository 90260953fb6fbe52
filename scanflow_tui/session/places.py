"""Where sessions lie, and the names of what lies in them (design, section 5).

Standard library only: the list of sessions imports this and has to start fast.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import InputError, Missing, Refused, UsageError
from scanflow_tui.contract.ids import SESSION_NAME
from scanflow_tui.contract.limits import SOCKET_PATH_BYTES_MAX
from scanflow_tui.contract.records import dataclass

FOLDER_MODE = 0o700
FILE_MODE = 0o600
STORE_NAME = "store"


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """The paths of one session. Nothing is made or looked at here."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def root(self) -> Path:
        """The sessions root that this session lies in."""
        return self.path.parent

    @property
    def database(self) -> Path:
        return self.path / "session.duckdb"

    @property
    def index(self) -> Path:
        return self.path / "index.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def runs(self) -> Path:
        return self.path / "runs"

    def attempt(self, run: int, node: str, attempt: int) -> Path:
        """The folder of one attempt."""
        return Path(f"{self.path}/runs/{run}/{node}/{attempt}")


def sessions_root(
    option: str | Path | None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    home: Path | None = None,
) -> Path:
    """The sessions root: ``--sessions``, ``$SCANFLOW_SESSIONS``, ``./sessions``, or user data.

    ``./sessions`` counts if that folder or ``./pipeline.yaml`` exists. None: this process's own.
    """
    environ = os.environ if environ is None else environ
    cwd = Path.cwd() if cwd is None else cwd
    home = Path.home() if home is None else home
    named = option or environ.get("SCANFLOW_SESSIONS")
    if named:
        return (cwd / Path(named).expanduser()).resolve()
    if (cwd / "sessions").is_dir() or (cwd / "pipeline.yaml").is_file():
        return (cwd / "sessions").resolve()
    data = environ.get("XDG_DATA_HOME", "")
    # The XDG rules tell to ignore a relative path here.
    base = Path(data) if data.startswith("/") else home / ".local" / "share"
    return base / "scanflow" / "sessions"


def session_folder(root: Path, name: str, commands: Sequence[str] = ()) -> SessionFolder:
    """The folder of a session by name. Raises UsageError for a name that no session may have."""
    check_name(name, commands)
    return SessionFolder(root / name)


def find_session(root: Path, name: str, commands: Sequence[str] = ()) -> SessionFolder:
    """A session that exists. Raises UsageError with the nearest name where there is none."""
    folder = session_folder(root, name, commands)
    if folder.database.exists():
        return folder
    near = difflib.get_close_matches(name, session_names(root), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "`scanflow sessions` lists those there are."
    raise UsageError(f"there is no session {name!r} in {root}", hint=hint)


def session_names(root: Path) -> list[str]:
    """The names of the sessions in a root, sorted; none where the root does not exist."""
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        raise Missing("the folder of sessions may not be read by you", where=str(root)) from None
    return [
        entry.name
        for entry in entries
        if entry.name != STORE_NAME and (Path(entry.path) / "session.duckdb").exists()
    ]


def check_name(name: str, commands: Sequence[str] = ()) -> None:
    """Raises UsageError where a session may not be called this."""
    if name in commands or name == STORE_NAME:
        raise UsageError(f"a session may not be called {name!r}: that is a word of ScanFlow's own")
    if not SESSION_NAME.fullmatch(name):
        raise UsageError(
            f"a session may not be called {name!r}",
            hint="Use up to 64 of a-z, 0-9, '.', '_' and '-', with a letter or digit first.",
        )


def make_session(folder: SessionFolder) -> None:
    """Make a session's folders, private to the user. Raises Missing where that is impossible."""
    try:
        folder.root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        folder.path.mkdir(mode=FOLDER_MODE, exist_ok=True)
        folder.runs.mkdir(mode=FOLDER_MODE, exist_ok=True)
        objects_of(folder.root).mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        cache_of(folder.root).mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise Missing(
            f"the session's folder cannot be made ({error.strerror})", where=str(folder.path)
        ) from None
    require_private(folder.path)


def roots_in(folder: Path) -> list[Path]:
    """The sessions roots that lie right in a folder, whatever they are called."""
    try:
        below = [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir()]
    except OSError:
        return []
    return [path for path in below if objects_of(path).is_dir() and session_names(path)]


def store_of(root: Path) -> Path:
    """What the sessions of a root share."""
    return root / STORE_NAME


def objects_of(root: Path) -> Path:
    return store_of(root) / "objects"


def cache_of(root: Path) -> Path:
    return store_of(root) / "cache"


def socket_path(
    folder: SessionFolder, environ: Mapping[str, str] | None = None, uid: int | None = None
) -> Path:
    """Where a session's socket lies: in its folder if the path fits into 107 bytes.

    Else a short name under ``$XDG_RUNTIME_DIR`` or ``/tmp/scanflow-<uid>``; ``make_socket_folder``
    makes that folder and checks whose it is.
    """
    environ = os.environ if environ is None else environ
    uid = os.getuid() if uid is None else uid
    direct = folder.path.absolute() / "sock"
    if _fits(direct):
        return direct
    short = canonical.sha256(os.fsencode(folder.path.absolute()))[:32] + ".sock"
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        there = Path(runtime) / "scanflow" / short
        if _fits(there):
            return there
    return Path(f"/tmp/scanflow-{uid}") / short


def slots_folder(environ: Mapping[str, str] | None = None, uid: int | None = None) -> Path | None:
    """The folder, made, where all sessions of a user say what they run here; None for ``off``.

    Not below ``$XDG_RUNTIME_DIR``: that goes at the last logout, and not every login has it.
    Raises Refused for a folder that is another user's or open to one, OSError.
    """
    environ = os.environ if environ is None else environ
    given = environ.get("SCANFLOW_SLOTS", "")
    if given == "off":
        return None
    folder = Path(given)
    if not given.startswith("/"):
        folder = Path(f"/tmp/scanflow-{os.getuid() if uid is None else uid}") / "slots"
        make_socket_folder(folder, uid)
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    require_private(folder, uid)
    return folder


def make_socket_folder(path: Path, uid: int | None = None) -> None:
    """Make the folder that a socket lies in; refuse one that is another user's or open to one."""
    path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    require_private(path.parent, uid)


def require_private(folder: Path, uid: int | None = None) -> None:
    """Raises Refused unless a folder is this user's own and closed to others."""
    found = os.lstat(folder)
    owner = os.getuid() if uid is None else uid
    if not stat.S_ISDIR(found.st_mode):
        raise Refused("this is no folder of its own", where=str(folder))
    if found.st_uid != owner:
        raise Refused(
            f"this folder belongs to another user (uid {found.st_uid})", where=str(folder)
        )
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise Refused(
            "others may write into this folder", where=str(folder), hint=f"chmod 700 {folder}"
        )


def require_relative(name: str) -> None:
    """Raises InputError for a path that leaves the folder it is relative to."""
    parts = name.split("/")
    if not name or name.startswith("/") or ".." in parts or "\0" in name:
        raise InputError(f"the path {name!r} leaves its folder")


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX
