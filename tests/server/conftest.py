"""Servers and proxies: those of the page's tests."""

from tests.ui.conftest import serve, started

__all__ = ["serve", "started"]
