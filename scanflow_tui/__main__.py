"""The command ``scanflow``, and ``python -m scanflow_tui``.

Memory is not searched for garbage while modules are loaded, nor when the process ends: nothing that
a module holds is garbage. While a command runs it is (``cli.calling``).
"""

import gc


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.disable()
    # Imported here: the most of a start is this import.
    from scanflow_tui.cli.main import main as run

    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
