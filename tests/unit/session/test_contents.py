"""Erasable contents and their digests."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from scanflow_tui.session import contents

SALT = bytes(range(16))


def test_the_digest_covers_salt_and_bytes() -> None:
    assert contents.seal(b"why", SALT) == hashlib.sha256(SALT + b"why").hexdigest()


def test_equal_words_with_other_salts_have_other_digests() -> None:
    assert (
        contents.text_content("yes", SALT).digest != contents.text_content("yes", b"x" * 16).digest
    )


def test_changed_bytes_are_not_sound() -> None:
    made = contents.text_content("yes", SALT)
    assert made.is_sound()
    assert not replace(made, data=b"no").is_sound()


def test_a_text_that_is_no_unicode_is_kept_all_the_same() -> None:
    assert contents.text_content("\udcff", SALT).is_sound()
