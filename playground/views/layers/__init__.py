"""The layers of the stage, one a file (``playground/views/layer.py``)."""
