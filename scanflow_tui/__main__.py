"""The command ``scanflow``, and ``python -m scanflow_tui``.

Memory is not searched for garbage while modules are loaded, nor when the process ends: nothing that
a module holds is garbage. While a command runs it is (``cli.calling``).
"""

import gc

INTERRUPTED = 130
"""As a shell counts: 128 and the number of SIGINT."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.disable()
    try:
        # Imported here: the most of a start is this import.
        from scanflow_tui.cli.main import main as run
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
