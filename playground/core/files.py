"""Files of the project that are no code: assets and documents. In a checkout they lie beside the packages; an installed copy has them in
``playground/shipped`` (``pyproject.toml`` puts them there)."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
SHIPPED = PACKAGE / "shipped"
ROOT = SHIPPED if SHIPPED.is_dir() else PACKAGE.parent
ASSETS, DOCS = ROOT / "assets", ROOT / "docs"
