"""Files that nobody should have written: every kind of trouble that a repository may hold."""

import io
import random
import zipfile
from collections.abc import Callable

HEALTHY = "def healthy(argument):\n    return argument.method(1)\n"

# name -> text, written as UTF-8
TEXTS = {
    "unclosed_paren": HEALTHY + "x = (1, 2\n",
    "unopened_paren": HEALTHY + "x = 1)\n",
    "unclosed_string": HEALTHY + "x = 'abc\n" + HEALTHY,
    "unclosed_triple": HEALTHY + 'x = """abc\n',
    "missing_colon": "class A\n    pass\n" + HEALTHY,
    "missing_body": HEALTHY + "def f():\n",
    "missing_name": "def (x):\n    pass\n" + HEALTHY,
    "missing_operand": "x = 1 +\n" + HEALTHY,
    "bad_parameters": "def f(:\n    pass\n" + HEALTHY,
    "default_before_plain": "def f(a=1, b):\n    return b\n" + HEALTHY,
    "two_equals": "if a = 1:\n    pass\n" + HEALTHY,
    "keyword_as_name": "class = 3\nNone = 1\n" + HEALTHY,
    "assign_to_call": "f() = 1\n1 = x\n" + HEALTHY,
    "bad_indent": "def f():\n  a = 1\n    b = 2\n c = 3\n" + HEALTHY,
    "tabs_and_spaces": "if x:\n        a = 1\n\tb = 2\n" + HEALTHY,
    "return_outside": HEALTHY + "return 1\nyield 2\nawait x\nbreak\n",
    "star_everywhere": "*a = *b, = *\nf(**)\n" + HEALTHY,
    "walrus_misuse": "x := 1\n(a.b := 2)\ndef f(a:=1): pass\n" + HEALTHY,
    "statement_in_expression": "x = [import os, pass, def f(): 1]\n" + HEALTHY,
    "stray_characters": "a ? b $ c ` d ! e\n" + HEALTHY,
    "python2_print": 'print "hello", name\nprint >>f, x\n' + HEALTHY,
    "python2_except": "try:\n    f()\nexcept IOError, e:\n    raise E, 'x', tb\n" + HEALTHY,
    "python2_rest": "exec 'x' in d\nx = 0777L <> `y` or ur'z'\ndef f(a, (b, c)): pass\n" + HEALTHY,
    "pep695": "type P[T] = list[T]\ndef f[T: int, *Ts, **Q](a: T) -> T:\n    return a\n" + HEALTHY,
    "pep695_class": "class A[T](list[T]):\n    def m(self) -> T: ...\n" + HEALTHY,
    "pep696": "def f[T = int](a: T): ...\nclass C[*Ts = *tuple[int]]: ...\n" + HEALTHY,
    "pep701": "x = f'{d['a']} {\"\\n\".join(\n    y # note\n)}'\n" + HEALTHY,
    "pep758": "try:\n    f()\nexcept A, B:\n    pass\nexcept* C, D, E:\n    pass\n" + HEALTHY,
    "pep750": "x = t'{name!r:>{width}} and {other}'\n" + HEALTHY,
    "pep646": "def f(*args: *Ts): ...\nx[*a]\n" + HEALTHY,
    "only_comments": "# one\n# two\n\n   # three",
    "only_blank": "\n\n   \n\t\n",
    "one_line_no_end": "x = 1",
    "crlf": (HEALTHY + "x = (\n").replace("\n", "\r\n"),
    "lone_cr": (HEALTHY + "x = (\n").replace("\n", "\r"),
    "mixed_ends": "a = 1\r\nb = 2\rc = 3\nd = (\r\n",
    "form_feeds": "\f\ndef f():\n\f    x = 1\n\f\n    return x\n\x0b\n",
    "null_width": "x\u200b = 1\na\u2060b = 2\n" + HEALTHY,
    "bidi": "access = 'user\u202e \u2066# admin\u2069 \u2066'\n" + HEALTHY,
    "no_break_space": "def f():\n\u00a0\u00a0return 1\n" + HEALTHY,
    "smart_quotes": "x = \u201chello\u201d\n" + HEALTHY,
    "astral_names": "\U0001d4d0\U0001d4ed = 1\nprint(\U0001d4d0\U0001d4ed)\n",
    "normalised_names": "ﬁnal = 1\nprint(final)\nclass Å: pass\nÅ()\nx.ﬁeld(ªrg=1)\n",
    "astral_everywhere": "s = '\U0001f600' * 3  # \U0001f680\n"
    "def f(\U00020000=1): return '\U0001f600'.x(\n",
    "emoji_name": "\U0001f600 = 1\n" + HEALTHY,
    "invalid_escapes": "x = '\\d \\N{no such name} \\x4 \\u12'\n" + HEALTHY,
    "surrogate_escape": "x = '\\ud800' + '\\udfff'\n" + HEALTHY,
    "surrogate_names": "__all__ = ['\\ud800', 'f']\nx = {'\\udfff': getattr(f, '\\ud800')}\n"
    + HEALTHY,
    "bytes_not_ascii": "x = b'\u00e9'\n" + HEALTHY,
    "mixed_bytes_text": "x = b'a' 'b'\n" + HEALTHY,
    "magics": "%matplotlib inline\n!ls -la\nx = %time f()\n?help\nget?\n%%bash\nls\n" + HEALTHY,
    "prompt": ">>> x = 1\n>>> f(x)\n2\n... y\n" + HEALTHY,
    "conflict": "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n" + HEALTHY,
    "html": "<!DOCTYPE html>\n<html><body onload='x()'>No</body></html>\n",
    "json": '{"a": [1, 2, null, true], "b": {"c": "d"}}\n',
    "template": "{% if a %}\nclass {{ name }}({{ base }}):\n    pass\n{% endif %}\n" + HEALTHY,
    "diff": "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n-x = 1\n+x = 2\n" + HEALTHY,
    "truncated": HEALTHY + "class Late:\n    def method(self, value):\n        if value.is_(",
    "unclosed_fstring": "x = f'{a' + f'{b!}' f'{' f'}'\n" + HEALTHY,
    "empty_fstring": "x = f'{}' f'{!r}' f'{ }'\n" + HEALTHY,
    "bad_match": "match x:\n    case 1 | : pass\n    case {**_}: pass\n    case A(b=, c): pass\n"
    + HEALTHY,
    "bad_decorator": "@\ndef f(): pass\n@a b\nclass C: pass\n@x.y\n" + HEALTHY,
    "bad_comprehension": "x = [a for in b if]\ny = {for}\nz = (i for i, in)\n" + HEALTHY,
    "bad_import": "import\nfrom import x\nfrom . import\nfrom .. .m import (a, b\n" + HEALTHY,
    "bad_lambda": "x = lambda : \ny = lambda *, **: 1\nz = lambda a, /, : a\n" + HEALTHY,
    "bad_try": "try:\n    a\nx\nexcept:\nfinally\n" + HEALTHY,
    "bad_global": "x = 1\nglobal x\ndef f(a):\n    global a\n    nonlocal zz\n" + HEALTHY,
    "backslash_end": "x = 1 + \\",
    "backslash_space": "x = 1 + \\ \n    2\n" + HEALTHY,
    "semicolons": ";;; x = 1;; y = 2\n" + HEALTHY,
    "many_errors": "".join(f"x{i} = = {i}\nok({i})\n" for i in range(200)),
    "huge_int": "x = " + "9" * 6000 + "\n" + HEALTHY,
    "huge_hex": "x = 0x" + "f" * 100_000 + " $\n" + HEALTHY,
    "huge_float": "x = 1" + "0" * 5000 + "e99999 $\n" + HEALTHY,
    "huge_string": "x = '" + "a" * 1_500_000 + "'\ny = (\n",
    "long_line": "x = [" + ("'" + "a" * 996 + "',") * 2000 + "]\n",
    "long_broken_line": "x = [" + "a(1), " * 10_000 + "\n",
    "long_name": "x" * 100_000 + " = (\n",
    "many_lines": ("pass\n" * 99 + "call()\n") * 1000,
    "many_arguments": "f(" + ", ".join(f"a{i}=b{i}" for i in range(5000)) + " $)\n",
    "many_elifs": "if a:\n    x\n" + "elif b:\n    y\n" * 3000,
    "many_decorators": "@a.b(c)\n" * 3000 + "def f(): pass\n(\n",
    "many_globals": "def f():\n" + "    global g\n" * 2000 + "    g = 1\n(\n",
}


def _binary() -> bytes:
    return random.Random(7).randbytes(50_000)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py"), HEALTHY * 50)
    return out.getvalue()


def _declared(encoding: str, text: str = HEALTHY, written: str = "utf-8") -> bytes:
    return f"# -*- coding: {encoding} -*-\n{text}".encode(written)


BYTES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "one_nul": lambda: HEALTHY.encode() + b"x = 1\0\n" + HEALTHY.encode(),
    "only_nuls": lambda: b"\0" * 5000,
    "latin1_without_cookie": lambda: ("# caf\u00e9\nx = '\u00e9'\n" + HEALTHY).encode("latin-1"),
    "latin1_with_cookie": lambda: _declared(
        "latin-1", "caf\u00e9 = '\u00e9'\nx = (\n" + HEALTHY, "latin-1"
    ),
    "cp1251": lambda: _declared("cp1251", "x = '\u0436'  # \u0436\ny = (\n", "cp1251"),
    "shift_jis": lambda: _declared("shift_jis", "x = '\u8868\u793a'\ny = (\n", "shift_jis"),
    "gb18030": lambda: _declared("gb18030", "x = '\U0001f600'\ny = (\n", "gb18030"),
    "utf7": lambda: _declared("utf-7", "x = '+AOk-'\ny = (\n"),
    "wrong_cookie": lambda: _declared("ascii", "x = '\u00e9'\n" + HEALTHY),
    "unknown_cookie": lambda: _declared("klingon-8"),
    "codec_that_is_no_text": lambda: _declared("hex"),
    "codec_that_unpacks": lambda: _declared("zlib"),
    "codec_with_nul": lambda: b"# coding: utf\0-8\n" + HEALTHY.encode(),
    "idna_cookie": lambda: _declared("idna"),
    "escape_cookie": lambda: _declared("unicode_escape", "x = '\\u00e9'\ny = (\n"),
    "utf16_le": lambda: HEALTHY.encode("utf-16"),
    "utf16_be_no_bom": lambda: HEALTHY.encode("utf-16-be"),
    "utf32": lambda: HEALTHY.encode("utf-32"),
    "bom": lambda: b"\xef\xbb\xbf" + HEALTHY.encode() + b"x = (\n",
    "bom_only": lambda: b"\xef\xbb\xbf",
    "two_boms": lambda: b"\xef\xbb\xbf\xef\xbb\xbf" + HEALTHY.encode(),
    "bom_and_cookie": lambda: b"\xef\xbb\xbf" + _declared("latin-1"),
    "overlong_utf8": lambda: b"x = '\xc0\xaf'\n" + HEALTHY.encode(),
    "encoded_surrogate": lambda: b"x = '\xed\xa0\x80'\n" + HEALTHY.encode(),
    "cut_in_a_character": lambda: ("x = '\u8868" + "\n").encode()[:-2],
    "binary": _binary,
    "zip": _zip,
    "elf": lambda: b"\x7fELF\x02\x01\x01\0" + bytes(range(256)) * 64,
    "pyc": lambda: b"\xa7\r\r\n" + b"\0" * 12 + b"\xe3" + bytes(range(256)) * 8,
    "deep_parens": lambda: b"x = " + b"(" * 10_000 + b"1" + b")" * 10_000 + b"\n",
    "deep_open_parens": lambda: b"x = " + b"(" * 10_000 + b"\n" + HEALTHY.encode(),
    "deep_brackets": lambda: b"x = " + b"[" * 10_000 + b"]" * 10_000 + b"\n",
    "deep_braces": lambda: b"x = " + b"{1:" * 10_000 + b"2" + b"}" * 10_000 + b"\n",
    "deep_attributes": lambda: b"x = a" + b".b" * 10_000 + b"\ny = (\n",
    "deep_calls": lambda: b"x = a" + b"(1)" * 10_000 + b"\ny = (\n",
    "deep_nested_calls": lambda: b"x = " + b"f(" * 10_000 + b")" * 10_000 + b"\n",
    "deep_subscripts": lambda: b"x = a" + b"[0]" * 10_000 + b"\ny = (\n",
    "deep_additions": lambda: b"x = " + b"1+" * 10_000 + b"1\ny = (\n",
    "deep_powers": lambda: b"x = " + b"2**" * 10_000 + b"2\n",
    "deep_ands": lambda: b"x = " + b"a and " * 10_000 + b"b\ny = (\n",
    "deep_comparisons": lambda: b"x = " + b"a < " * 10_000 + b"b\ny = (\n",
    "deep_unary": lambda: b"x = " + b"-" * 10_000 + b"1\n",
    "deep_not": lambda: b"x = " + b"not " * 10_000 + b"1\n",
    "deep_conditions": lambda: b"x = " + b"a if b else " * 10_000 + b"c\n",
    "deep_lambdas": lambda: b"x = " + b"lambda a: " * 5000 + b"a\n",
    "deep_strings": lambda: b"x = " + b"'a' " * 10_000 + b"\ny = (\n",
    "deep_fstrings": lambda: b'f"' + b"{f'" * 300 + b"1" + b"'}" * 300 + b'"\n',
    "deep_formats": lambda: b'f"' + b"{a:" * 300 + b"}" * 300 + b'"\n',
    "deep_ifs": lambda: b"".join(b" " * i + b"if a:\n" for i in range(1000)) + b" " * 1000 + b"x\n",
    "deep_functions": lambda: (
        b"".join(b" " * i + b"def f(a=1):\n" for i in range(400)) + b" " * 400 + b"return a\n"
    ),
    "deep_classes": lambda: (
        b"".join(b" " * i + b"class C(B):\n" for i in range(400)) + b" " * 400 + b"pass\n"
    ),
    "deep_comprehensions": lambda: b"x = " + b"[a for a in " * 2000 + b"b" + b"]" * 2000 + b"\n",
    "deep_assignments": lambda: b"a = " * 10_000 + b"1\ny = (\n",
    "deep_annotations": lambda: b"x: " + b"List[" * 5000 + b"int" + b"]" * 5000 + b"\ny = (\n",
    "deep_unions": lambda: b"x: " + b"a[b] | " * 5000 + b"int\ny = (\n",
    "deep_patterns": lambda: b"match x:\n case " + b"[" * 3000 + b"]" * 3000 + b": pass\n",
    "deep_stars": lambda: b"f(" + b"*" * 5000 + b"a)\n",
    "deep_awaits": lambda: b"x = " + b"await " * 5000 + b"a\n",
}


def bad_inputs() -> dict[str, bytes]:
    """Every bad input by name; about 12 MB in all."""
    texts = {name: text.encode("utf-8", "surrogatepass") for name, text in TEXTS.items()}
    return texts | {name: make() for name, make in BYTES.items()}
