"""The app as a command: ``diffusion-playground``, ``python -m playground.ui.app``, and ``app.py`` of a checkout. GRADIO_SERVER_NAME and GRADIO_SERVER_PORT
say where it listens."""

import gc
import os

gc.disable()  # importing and building make half a million objects and no garbage, see playground.server.jobs.warm

# before gradio is imported: nobody is told that this page runs
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

from playground.ui.page import build

demo = build()


def main() -> None:
    """Serves the page until it is stopped."""
    demo.launch()


if __name__ == "__main__":
    main()
