"""The page as it is served: by ``diffusion-playground`` (playground/server/command.py), ``app.py`` of a checkout, and Spaces."""

import gc
import importlib
import os

gc.disable()  # importing and building make half a million objects and no garbage, see playground.server.jobs.warm

# before gradio is imported: nobody is told that this page runs
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

from playground.server.command import Options
from playground.server.worker import lends

if lends():
    importlib.import_module("spaces")  # before torch is imported, between which and the GPU it stands

from gradio.tunneling import CURRENT_TUNNELS

from playground.ui.page import build

demo = build()


def main(options: Options | None = None) -> None:
    """Serves the page until it is stopped; then who waits for an answer is told, and the workers end."""
    try:
        demo.launch(**(options or {}))
    finally:
        demo.close(verbose=False)
        for tunnel in CURRENT_TUNNELS:  # of --share
            tunnel.kill()


if __name__ == "__main__":
    main()
