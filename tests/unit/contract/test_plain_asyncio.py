"""asyncio is loaded without ssl, which can be loaded afterwards."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """if True:
    import sys
    from scanflow_tui.contract import plain_asyncio
    plain_asyncio.load()
    assert "asyncio" in sys.modules and "ssl" not in sys.modules
    import asyncio
    assert asyncio.run(asyncio.sleep(0, 7)) == 7
    import ssl
    assert ssl.create_default_context()
    plain_asyncio.load()
"""


def test_asyncio_works_and_ssl_comes_when_it_is_wanted() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
