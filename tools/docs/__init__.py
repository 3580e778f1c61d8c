"""The tables of the documentation that are written from the source: `python -m tools.docs`."""
