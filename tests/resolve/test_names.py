"""Names and imports: scope rules, packages, re-exports, stars."""

import pytest

from tests.resolve.solving import solved


def test_global_function():
    assert solved("def f(): pass\nf()").ask("f()") == ["main.f!"]


def test_unknown_name_has_a_reason():
    assert solved("nope()").ask("nope()") == ["? unknown name"]
    assert solved("nope()").ask("nope", "name") == ["? unknown name"]


def test_builtins_are_external():
    world = solved("len([])\n'a'.join([])\n[].append(1)\nint('1').bit_length()")
    assert world.ask("len([])") == ["builtins.len!"]
    assert world.ask("len", "name") == ["builtins.len!"]
    assert world.ask("'a'.join([])") == ["builtins.str.join!"]
    assert world.ask("[].append(1)") == ["builtins.list.append!"]
    assert world.ask("int('1').bit_length()") == ["builtins.int.bit_length!"]


def test_a_module_name_hides_a_builtin():
    assert solved("def len(x): pass\nlen(1)").ask("len(1)") == ["main.len!"]


def test_module_level_use_before_the_name_is_bound_is_the_builtin():
    world = solved("print = print\nprint()")
    assert world.ask("print()") == ["builtins.print!"]


def test_nested_functions_see_enclosing_names():
    world = solved("def f(): pass\ndef g():\n    def f(): pass\n    def h():\n        f()\n    h()")
    assert world.ask("f()") == ["main.g.f!"]


def test_a_class_scope_is_not_seen_by_its_methods():
    world = solved("def f(): pass\nclass C:\n    def f(self): pass\n    def g(self):\n        f()")
    assert world.ask("f()") == ["main.f!"]


def test_comprehension_variables_hide_names():
    world = solved("from a import x\n[x() for x in []]\nx()", a="def x(): pass")
    assert world.ask("x()", nth=0) == ["? element of a container"]
    assert world.ask("x()", nth=1) == ["a.x!"]
    assert world.ask("x", "name", nth=0) == []


def test_lambdas_in_comprehensions_see_its_variables():
    world = solved("def x(): pass\n[lambda: x() for x in []]")
    assert world.ask("x()") == ["? element of a container"]


def test_global_statement():
    world = solved("def f(): pass\ndef g():\n    global h\n    h = f\ndef k():\n    h()")
    assert world.ask("h()") == ["main.f!"]


def test_nonlocal_statement():
    text = "def f(): pass\ndef g():\n    h = None\n    def s():\n        nonlocal h\n"
    text += "        h = f\n    h()"
    assert "main.f" in solved(text).ask("h()")[0]


def test_del_then_use_in_a_function_does_not_invent():
    assert solved("def g():\n    x = 1\n    del y\n").tables["target"].num_rows == 0


IMPORTS = [
    ("import a\na.f()", "a.f()", "a.f!"),
    ("import a as b\nb.f()", "b.f()", "a.f!"),
    ("from a import f\nf()", "f()", "a.f!"),
    ("from a import f as g\ng()", "g()", "a.f!"),
    ("import p.m\np.m.f()", "p.m.f()", "p.m.f!"),
    ("from p import m\nm.f()", "m.f()", "p.m.f!"),
    ("import p.m as q\nq.f()", "q.f()", "p.m.f!"),
    ("from p import up\nup()", "up()", "p.m.f!"),
    ("from p import *\nup()", "up()", "p.m.f!"),
    ("def g():\n    import a\n    a.f()", "a.f()", "a.f!"),
]


@pytest.mark.parametrize(("text", "call", "target"), IMPORTS)
def test_imports(text, call, target):
    world = solved(text, a="def f(): pass", p="from .m import f as up", p__m="def f(): pass")
    assert world.ask(call) == [target]


def test_names_follow_re_exports():
    world = solved("from p import up\nup", p="from .m import up", p__m="def up(): pass")
    assert world.ask("up", "name") == ["p.m.up!"]
    assert world.ask("up", "import") == ["p.m.up!"]


def test_an_imported_variable_is_its_local():
    world = solved("from a import x\nx", a="x = 1")
    assert world.ask("x", "name") == ["a:x!"]


def test_relative_imports():
    world = solved(
        "",
        p="",
        p__a="from . import b\nfrom .b import f\nb.f()\nf()\nfrom ..q import z",
        p__b="def f(): pass",
    )
    assert world.ask("b.f()", module="p.a") == ["p.b.f!"]
    assert world.ask("f()", module="p.a") == ["p.b.f!"]
    assert world.ask("z", "import", module="p.a") == ["? relative import beyond the top package"]


def test_a_package_that_imports_its_submodule():
    world = solved("from p import m\nm.f()", p="from . import m", p__m="def f(): pass")
    assert world.ask("m.f()") == ["p.m.f!"]
    assert world.ask("m", "import") == ["p.m!"]


def test_star_import_respects_all():
    a = "__all__ = ['f']\n__all__ += ['g']\n__all__.append('_h')\ndef f(): pass\ndef g(): pass\n"
    world = solved("from a import *\nf()\ng()\n_h()\nk()", a=a + "def _h(): pass\ndef k(): pass")
    assert world.ask("f()") == ["a.f!"]
    assert world.ask("g()") == ["a.g!"]
    assert world.ask("_h()") == ["a._h!"]
    assert world.ask("k()") == ["? unknown name"]


def test_all_of_submodules():
    p = "from . import m\nfrom .m import *\n__all__ = ['x'] + m.__all__\n"
    world = solved(
        "from p import *\nf()\ng()", p=p, p__m="__all__ = ('f',)\ndef f(): pass\ndef g(): pass"
    )
    assert world.ask("f()") == ["p.m.f!"]
    assert world.ask("g()") == ["? unknown name"]


def test_star_of_something_outside():
    world = solved("from ext import *\nf()")
    assert world.ask("f()") == ["ext.f!"]


def test_circular_imports_end():
    world = solved("from a import f\nf()", a="from b import f", b="from a import f")
    assert world.ask("f()") == ["? import circle"]
    world = solved("from a import g\ng()", a="from b import *\ndef g(): pass", b="from a import *")
    assert world.ask("g()") == ["a.g!"]


def test_conditional_imports_give_both():
    text = "try:\n    from a import f\nexcept ImportError:\n    from ext import f\nf()"
    world = solved(text, a="def f(): pass")
    assert world.ask("f()") == ["a.f", "ext.f"]
    assert world.ask("f", "name") == ["a.f", "ext.f"]


def test_namespace_packages():
    world = solved("import n.m\nn.m.f()\nn", n__m="def f(): pass")
    assert world.ask("n.m.f()") == ["n.m.f!"]
    assert world.ask("n", "name", nth=1) == ["? namespace package has no file"]


def test_external_chains_keep_the_path():
    world = solved("import os.path\nfrom json import loads as l\nos.path.join('a')\nl('1')")
    assert world.ask("os.path.join('a')") == ["os.path.join!"]
    assert world.ask("os.path", "attribute") == ["os.path!"]
    assert world.ask("l('1')") == ["json.loads!"]


def test_a_missing_module_of_an_own_package_is_not_external():
    world = solved("from p.gone import f\nf()", p="", packages=("p",))
    assert world.ask("f", "import") == ["? module is not in the repository"]


def test_a_missing_name_of_an_own_module():
    world = solved("from a import gone", a="x = 1")
    assert world.ask("gone", "import") == ["? name is not in the module"]
