"""Password protection as PDF has had it since version 1.4, done by hand."""

from __future__ import annotations

import hashlib
import struct


class StandardSecurity:
    """The standard security handler, RC4 with 128 bits: version 2, revision 3 (ISO 32000-1, 7.6.3)."""

    PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
    PERMISSIONS = -4  # everything allowed

    def __init__(self, user: str, owner: str):
        self.user, self.owner = user, owner

    def padded(self, password: str) -> bytes:
        return (password.encode("latin-1") + self.PADDING)[:32]

    def owner_entry(self) -> bytes:
        """Algorithm 3."""
        return rc4_twenty_times(md5_times(self.padded(self.owner), 51), self.padded(self.user))

    def file_key(self, identifier: bytes) -> bytes:
        """Algorithm 2."""
        seed = self.padded(self.user) + self.owner_entry() + struct.pack("<i", self.PERMISSIONS) + identifier
        return md5_times(seed, 51)

    def user_entry(self, identifier: bytes) -> bytes:
        """Algorithm 5."""
        return rc4_twenty_times(self.file_key(identifier), md5_times(self.PADDING + identifier, 1)) + bytes(16)

    def cipher_for(self, object_number: int, identifier: bytes):
        """Algorithm 1: every object has a key of its own."""
        key = md5_times(self.file_key(identifier) + struct.pack("<I", object_number)[:3] + bytes(2), 1)
        return lambda data: rc4(key, data)

    def entries(self, identifier: bytes) -> dict:
        """Returns the encryption dictionary but for its /Filter."""
        return {"V": 2, "R": 3, "Length": 128, "P": self.PERMISSIONS,
                "O": self.owner_entry(), "U": self.user_entry(identifier)}


def md5_times(data: bytes, times: int) -> bytes:
    for _ in range(times):
        data = hashlib.md5(data, usedforsecurity=False).digest()
    return data


def rc4_twenty_times(key: bytes, data: bytes) -> bytes:
    for step in range(20):
        data = rc4(bytes(byte ^ step for byte in key), data)
    return data


def rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
