"""Servers, proxies and a browser: those of the page's tests."""

from tests.ui.conftest import chromium, serve, started

__all__ = ["chromium", "serve", "started"]
