"""Diffusion Playground. ``python app.py --help`` says how it is started; docs/server.md says all of it."""

import sys

from playground.server.command import read, serve

options = read(sys.argv[1:] if __name__ == "__main__" else [])  # before the page, which takes seconds: a wrong value is told at once

from playground.ui.app import demo

__all__ = ["demo"]

if __name__ == "__main__":
    serve(options)
