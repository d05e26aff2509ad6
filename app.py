"""Diffusion Playground. ``python app.py``; GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say where it listens."""

from playground.ui.app import demo, main

__all__ = ["demo"]

if __name__ == "__main__":
    main()
