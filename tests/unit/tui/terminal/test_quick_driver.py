"""What is written reaches the terminal whole, and in order."""

from __future__ import annotations

import io
import os
import threading

from scanflow_tui.tui.terminal.quick_driver import Writer


def test_what_a_terminal_takes_in_parts_is_written_whole() -> None:
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    # As the standard streams are with PYTHONUNBUFFERED: nothing is kept of a short write.
    file = io.TextIOWrapper(io.FileIO(writes, "w"), "utf-8", write_through=True)
    long = "".join(f"{number:07d}\n" for number in range(60_000))
    taken: list[bytes] = []

    def take() -> None:
        while data := os.read(reads, 4096):
            taken.append(data)

    writer, reader = Writer(file), threading.Thread(target=take)
    writer.start()
    writer.write(long)
    writer.write("the next frame")
    reader.start()
    writer.stop()
    file.close()
    reader.join()
    os.close(reads)
    assert b"".join(taken).decode() == long + "the next frame"
