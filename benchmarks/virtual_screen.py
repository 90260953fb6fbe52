"""A real terminal emulator on a virtual screen: keys typed into it, and what its pixels show.

xterm, mlterm and kitty are windows of the X server; foot is one of a Wayland compositor (weston)
whose own window lies there.
"""

from __future__ import annotations

import io
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from tests.waiting import until

PROGRAMS = ("Xvfb", "xdotool", "xwininfo", "import")
TITLE = "scanflow-test"
SCREEN = (1800, 1300)
PATIENCE_S = 60.0
QUIET_S = 0.4
START_S = 1.0
"""A window may get another size than it asked for; how large it is counts after this."""
LIT, LIT_SHARE_MIN = 60, 0.01
ESCAPE_S = 0.3

Shot = npt.NDArray[np.uint8]
"""(height, width, 3) RGB."""


@dataclass(frozen=True)
class Emulator:
    """A terminal emulator: its pictures' way, what it needs, and where its first cell lies.

    ``command`` has ``{columns}`` and ``{rows}``, and is followed by what runs in it.
    """

    name: str
    way: str
    command: tuple[str, ...]
    border_px: int = 2
    environ: tuple[tuple[str, str], ...] = ()
    is_wayland: bool = False
    zoom: tuple[str, ...] = ()
    """Keys that make its font larger and smaller, in X's words; none where it has no such."""

    def why_not(self) -> str:
        """Why it cannot be had here; empty where it can."""
        wanted = (*PROGRAMS, self.command[0], *(("weston",) if self.is_wayland else ()))
        missing = [name for name in wanted if shutil.which(name) is None]
        return f"not installed: {', '.join(missing)}" if missing else ""


EMULATORS = {
    one.name: one
    for one in (
        Emulator(
            "xterm",
            "sixel",
            ("xterm", "-T", TITLE, "-ti", "vt340", "-fa", "DejaVuSansMono", "-fs", "9",
             "-geometry", "{columns}x{rows}", "-e"),
            zoom=("shift+KP_Add", "shift+KP_Subtract"),
        ),
        Emulator(
            "mlterm",
            "sixel",
            ("mlterm", "-T", TITLE, "-g", "{columns}x{rows}", "--sbmod=none", "-e"),
        ),
        Emulator(
            "foot",
            "sixel",
            ("foot", "-T", TITLE, "-f", "DejaVu Sans Mono:size=9", "-o", "dpi-aware=no"),
            is_wayland=True,
            zoom=("ctrl+plus", "ctrl+minus"),
        ),
        Emulator(
            "kitty",
            "kitty",
            ("kitty", "--config", "NONE", "-T", TITLE, "-o", "remember_window_size=no",
             "-o", "initial_window_width={columns}c", "-o", "initial_window_height={rows}c",
             "-o", "update_check_interval=0", "-o", "enable_audio_bell=no"),
            border_px=0,
            environ=(("LIBGL_ALWAYS_SOFTWARE", "1"),),
            zoom=("ctrl+shift+equal", "ctrl+shift+minus"),
        ),
    )
}  # fmt: skip


class VirtualScreen:
    """An X server of the tests' own, without a window manager."""

    def __init__(self) -> None:
        read, write = os.pipe()
        size = f"{SCREEN[0]}x{SCREEN[1]}x24"
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"],
            pass_fds=(write,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as told:
            self.display = f":{told.readline().strip()}"

    def close(self) -> None:
        """End the server, and with it what it shows."""
        self._server.terminate()
        self._server.wait()


class RealTerminal:
    """A program in a terminal, ``columns`` by ``rows`` cells; ``log`` has what it prints."""

    def __init__(
        self, emulator: Emulator, screen: VirtualScreen, command: Sequence[str], columns: int,
        rows: int, environ: Mapping[str, str], log: Path,
    ) -> None:  # fmt: skip
        self.emulator = emulator
        self._environ = {**os.environ, **dict(emulator.environ), **environ}
        self._environ["DISPLAY"] = screen.display
        for name in ("TMUX", "STY", "NO_COLOR", "WAYLAND_DISPLAY"):
            self._environ.pop(name, None)
        self.size = (columns, rows)
        self._log, self._told = log, log.with_suffix(".size")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._runtime: Path | None = None
        if emulator.is_wayland:
            self._compose(columns * 8, rows * 17)
        recorded = f"script -q -f -c {shlex.quote(shlex.join(command))} {shlex.quote(str(log))}"
        inside = f"sleep {START_S}; echo $$ $(tty) > {self._told}; exec {recorded}"
        room = {"columns": columns, "rows": rows}
        arguments = [part.format(**room) for part in emulator.command]
        self._start([*arguments, "sh", "-c", inside])
        self._window = self._found()
        self._no_pointer()
        self._pid, self._tty = self._inside()
        self.cell = (0, 0)
        self.measure()

    def until_printed(self, text: str) -> None:
        """Wait until the program has printed this in one piece."""
        until(
            lambda: self._log.exists() and text.encode() in self._log.read_bytes(),
            f"{text!r} to be printed",
        )

    def close(self) -> None:
        """End the terminal, and the recorder in it, which would outlive it."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)
        for process in reversed(self._processes):
            process.terminate()
            process.wait()
        if self._runtime is not None:
            shutil.rmtree(self._runtime, ignore_errors=True)

    def keys(self, *names: str) -> None:
        """Press keys, by their names in X, one after the other."""
        for name in names:
            if name == "Escape":
                # As people do, who see what they close.
                time.sleep(ESCAPE_S)
            self._run("xdotool", "key", name)
            if name == "Escape":
                # Sooner, what follows would belong to it: escape is how other keys begin.
                time.sleep(ESCAPE_S)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window room for other cells."""
        self.size = (columns, rows)
        free = 2 * self.emulator.border_px
        width, height = columns * self.cell[0] + free, rows * self.cell[1] + free
        self._run("xdotool", "windowsize", self._window, str(width), str(height))
        self._no_pointer()

    def measure(self) -> None:
        """Find how large a cell is now, and give the window as many as it is to have."""
        n_rows, n_columns = map(int, self._run("stty", "-F", self._tty, "size").split())
        height, width = self.shot().shape[:2]
        free = 2 * self.emulator.border_px
        self.cell = ((width - free) // n_columns, (height - free) // n_rows)
        if (n_columns, n_rows) != self.size:
            self.resize(*self.size)

    def shot(self) -> Shot:
        """The window's pixels now."""
        data = self._run("import", "-window", self._window, "png:-")
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    def quiet(self) -> Shot:
        """The window's pixels once something is written there and stays the same."""
        end_s = time.monotonic() + PATIENCE_S
        before = self.shot()
        while time.monotonic() < end_s:
            time.sleep(QUIET_S)
            now = self.shot()
            is_same = now.shape == before.shape and (now == before).all()
            if is_same and (now > LIT).mean() > LIT_SHARE_MIN:
                return now
            before = now
        raise AssertionError("the screen never came to rest")

    def _compose(self, width: int, height: int) -> None:
        """A Wayland compositor in a window of the X server."""
        self._runtime = Path(tempfile.mkdtemp(prefix="sf-wayland-"))
        self._environ |= {"XDG_RUNTIME_DIR": str(self._runtime), "WAYLAND_DISPLAY": "sf"}
        size = (f"--width={width}", f"--height={height}")
        self._start(["weston", "--backend=x11-backend.so", "--shell=kiosk-shell.so", *size,
                     "--idle-time=0", "--socket=sf", "--use-pixman"])  # fmt: skip
        until((self._runtime / "sf").exists, "the compositor to listen")

    def _no_pointer(self) -> None:
        """Move the pointer off; a compositor draws it in its window, where it was last."""
        height, width = self.shot().shape[:2] if self.emulator.is_wayland else SCREEN[::-1]
        self._run("xdotool", "mousemove", str(width - 1), str(height - 1))

    def _start(self, command: Sequence[str]) -> None:
        quiet = subprocess.DEVNULL
        self._processes.append(
            subprocess.Popen(command, env=self._environ, stdout=quiet, stderr=quiet)
        )

    def _found(self) -> str:
        """The window, which gets what is typed."""

        def look() -> str:
            if self.emulator.is_wayland:
                lines = self._run("xwininfo", "-root", "-tree").decode().splitlines()
                return next((line.split()[0] for line in lines if "Weston Compositor" in line), "")
            search = ("xdotool", "search", "--onlyvisible", "--name", TITLE)
            try:
                return self._run(*search).split()[-1].decode()
            except subprocess.CalledProcessError:
                return ""

        window = until(look, "the terminal to open")
        self._run("xdotool", "windowfocus", window)
        return window

    def _inside(self) -> tuple[int, str]:
        """The process in the terminal, and its device."""

        def look() -> list[str]:
            told = self._told.read_text().split() if self._told.exists() else []
            return told if len(told) == 2 else []

        pid, device = until(look, "the terminal's device")
        return int(pid), device

    def _run(self, *command: str) -> bytes:
        return subprocess.run(command, env=self._environ, capture_output=True, check=True).stdout
