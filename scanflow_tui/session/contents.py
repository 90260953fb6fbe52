"""Erasable contents: logins, reasons, notes, names, thumbnails, ends of logs.

An event holds only SHA-256(salt ‖ bytes); salt and bytes lie beside the log. When they are erased
the chain stays whole, and without the salt a short text cannot be guessed from its digest.
"""

from __future__ import annotations

import hashlib

from scanflow_tui.contract.records import dataclass

SALT_BYTES = 16

TEXT = "text/plain; charset=utf-8"
PNG = "image/png"
BYTES = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that may be erased, with the salt that their digest was made with."""

    digest: str
    salt: bytes
    media: str
    data: bytes

    def is_sound(self) -> bool:
        """Whether the bytes are those that the digest names."""
        return seal(self.data, self.salt) == self.digest


def seal(data: bytes, salt: bytes) -> str:
    """The digest of content, hex: SHA-256(salt ‖ bytes)."""
    assert len(salt) == SALT_BYTES, len(salt)
    return hashlib.sha256(salt + data).hexdigest()


def content(data: bytes, salt: bytes, media: str = BYTES) -> Content:
    """Content from bytes; ``salt`` is 16 random bytes that the caller draws."""
    return Content(seal(data, salt), salt, media, data)


def text_content(text: str, salt: bytes) -> Content:
    """Content from a text."""
    return content(text.encode("utf-8", "surrogatepass"), salt, TEXT)
