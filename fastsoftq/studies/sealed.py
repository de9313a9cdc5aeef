"""Plain data as JSON whose bytes are the same everywhere, sealed with a checksum of itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["canonical", "sealed", "unsealed"]


def canonical(data: Any) -> bytes:
    """Plain data as JSON bytes that are the same on every machine and in every order of insertion."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data with a checksum of itself."""
    return {**data, "sha256": hashlib.sha256(canonical(data)).hexdigest()}


def unsealed(data: bytes | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What was sealed, plain or as canonical JSON; None if this is anything else, by so much as a bit."""
    try:
        parsed = json.loads(data) if isinstance(data, bytes) else dict(data or {})
        if isinstance(data, bytes) and canonical(parsed) != data:
            return None
        checksum = parsed.pop("sha256", None)
        return parsed if checksum == hashlib.sha256(canonical(parsed)).hexdigest() else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
