"""A graph for the commands: small, with one thing of everything that they print."""

from pathlib import Path

import pytest

from tests.query.handmade import Handmade

TEXT = """\
import json
def load(text):
    return json.loads(text)
class Box:
    def open(self): return load("")
def main():
    Box().open()
    missing()
main()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Handmade:
    """A stored graph of one file, `shop.py`, whose text is TEXT."""
    hand = Handmade(tmp_path)
    top = hand.file("shop.py", TEXT)
    load = hand.define("METHOD", "shop.load", "shop.py:2", "def load(text):", top)
    hand.define("METHOD_PARAMETER_IN", "shop.load.text", "shop.py:2", "text", load)
    box = hand.define("TYPE_DECL", "shop.Box", "shop.py:4", "class Box:", top)
    body = hand.define("METHOD", "shop.Box.<body>", "shop.py:4", "class Box:")
    opened = hand.define("METHOD", "shop.Box.open", "shop.py:5", "def open(self):", body)
    main = hand.define("METHOD", "shop.main", "shop.py:6", "def main():", top)
    loads = hand.external("json.loads")
    hand.call(load, "shop.py:3", "json.loads(text)", loads)
    hand.call(opened, "shop.py:5", 'load("")', load)
    hand.ref(opened, "shop.py:5", "load", load)
    hand.call(main, "shop.py:7", "Box()", box)
    hand.call(main, "shop.py:7", "Box().open()", opened, certainty="possible")
    hand.call(main, "shop.py:8", "missing()")
    hand.call(top, "shop.py:9", "main()", main)
    message = "odd \x1b[31m name"
    problem = ("extract", "ast", "string-warning", "info", message, "shop.py", 0, 1, 1)
    hand.rows["problems"].append(problem)
    hand.rows["skipped"].append(("venv", "virtualenv", "pyvenv.cfg"))
    hand.rows["roots"].append(("", "topmost folder without __init__"))
    hand.commit()
    return hand
