"""``python -m scanflow_tui`` is the command ``scanflow``."""

from scanflow_tui.cli.main import main

main()
