"""The labs, one folder each (``playground/views/lab.py``)."""
