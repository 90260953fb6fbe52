"""A real terminal emulator on a virtual screen: keys typed into it, and what its pixels show."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from tests.waiting import until

PROGRAMS = ("Xvfb", "xterm", "xdotool", "import")
FONT = ("-fa", "DejaVuSansMono", "-fs", "9")
BORDER_PX = 2
PATIENCE_S = 60.0
QUIET_S = 0.4
LIT, LIT_SHARE_MIN = 60, 0.01
ESCAPE_S = 0.3

Shot = npt.NDArray[np.uint8]
"""(height, width, 3) RGB."""


def why_not() -> str:
    """Why no virtual screen can be had here; empty where one can."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


class VirtualScreen:
    """An X server of the tests' own, without a window manager."""

    def __init__(self) -> None:
        read, write = os.pipe()
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x1000x24"]
        self._server = subprocess.Popen(
            [*command, "-nolisten", "tcp"],
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


class Xterm:
    """A program in xterm with sixel, ``columns`` by ``rows`` cells; ``log`` has what it prints."""

    def __init__(
        self, screen: VirtualScreen, command: Sequence[str], columns: int, rows: int,
        environ: Mapping[str, str], log: Path,
    ) -> None:  # fmt: skip
        self._environ = {**os.environ, **environ, "DISPLAY": screen.display}
        for name in ("TMUX", "STY", "NO_COLOR"):
            self._environ.pop(name, None)
        self.size = (columns, rows)
        arguments = ["xterm", "-T", "scanflow-test", "-ti", "vt340", *FONT]
        arguments += ["-geometry", f"{columns}x{rows}", "-e"]
        arguments += ["script", "-q", "-f", "-c", shlex.join(command), str(log)]
        self._log = log
        self._process = subprocess.Popen(arguments, env=self._environ)
        self._window = self._found()
        height, width = self.shot().shape[:2]
        self.cell = ((width - 2 * BORDER_PX) // columns, (height - 2 * BORDER_PX) // rows)

    def until_printed(self, text: str) -> None:
        """Wait until the program has printed this in one piece."""
        until(
            lambda: self._log.exists() and text.encode() in self._log.read_bytes(),
            f"{text!r} to be printed",
        )

    def close(self) -> None:
        """End the terminal, and the recorder in it, which would outlive it."""
        self._process.terminate()
        self._process.wait()
        subprocess.run(["pkill", "-f", f"script -q -f .* {self._log}$"], check=False)

    def keys(self, *names: str) -> None:
        """Press keys, by their names in X, one after the other."""
        for name in names:
            self._run("xdotool", "key", "--window", self._window, name)
            if name == "Escape":
                # Sooner, what follows would belong to it: escape is how other keys begin.
                time.sleep(ESCAPE_S)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window room for other cells."""
        self.size = (columns, rows)
        width = columns * self.cell[0] + 2 * BORDER_PX
        height = rows * self.cell[1] + 2 * BORDER_PX
        self._run("xdotool", "windowsize", self._window, str(width), str(height))

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

    def _found(self) -> str:
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            try:
                said = self._run("xdotool", "search", "--onlyvisible", "--name", "scanflow-test")
            except subprocess.CalledProcessError:
                time.sleep(0.1)
                continue
            window = said.split()[-1].decode()
            self._run("xdotool", "windowfocus", window)
            return window
        raise AssertionError("the terminal did not open")

    def _run(self, *command: str) -> bytes:
        return subprocess.run(command, env=self._environ, capture_output=True, check=True).stdout
