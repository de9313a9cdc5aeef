"""The description of the package on an index: README.md without what only a checkout can show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)[^)]*\)")


class CustomMetadataHook(MetadataHookInterface):
    """Images and links to files would lead nowhere on an index: images are left out, of links the words stay."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `readme`, which pyproject.toml leaves to this hook."""
        root = Path(self.root)

        def shown(link: re.Match[str]) -> str:
            image, words, target = link.groups()
            return link[0] if not (root / target).exists() else "" if image else words

        text = (root / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": _LINK.sub(shown, text)}
