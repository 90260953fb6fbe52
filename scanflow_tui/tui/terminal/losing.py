"""The window is closed, the line is lost, or somebody ends the program: what was worked on is kept
first.
"""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scanflow_tui.tui.app import ScanflowApp

KEPT_S_MAX = 1.5
LOOK_S = 0.02


def listen(app: ScanflowApp) -> None:
    """From here on these signals end the app after places and drafts were kept."""
    if app.is_headless:
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGHUP, signal.SIGTERM):
        # Who started it without hang-ups (nohup) means it.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, partial(_told, app, loop, number))


def _told(app: ScanflowApp, loop: asyncio.AbstractEventLoop, number: signal.Signals) -> None:
    # A second one is as if nobody listened.
    loop.remove_signal_handler(number)
    if number == signal.SIGHUP:
        _let_go(app, loop)
    app.run_worker(_kept(app, number), group="lost", exclusive=True)


async def _kept(app: ScanflowApp, number: signal.Signals) -> None:
    for place in app._installed_screens.values():
        keeps = getattr(place, "keeps", None)
        if keeps is not None:
            keeps()
    loop = asyncio.get_running_loop()
    end_s = loop.time() + KEPT_S_MAX
    while app.known.unsaved and loop.time() < end_s:
        await asyncio.sleep(LOOK_S)
    if number == signal.SIGHUP:
        # There is no screen to tidy up, and nobody to read why.
        os.kill(os.getpid(), number)
    else:
        app.exit(128 + number)


def _let_go(app: ScanflowApp, loop: asyncio.AbstractEventLoop) -> None:
    """Read and write nothing more where a terminal was: that would be an error each time."""
    driver = app._driver
    file, fileno = getattr(driver, "_file", None), getattr(driver, "fileno", None)
    if fileno is None or file is None:
        return
    loop.remove_reader(fileno)
    null = os.open(os.devnull, os.O_RDWR)
    for handle in (fileno, file.fileno()):
        os.dup2(null, handle)
