"""The enclosing symbol in several languages."""

from __future__ import annotations

import pytest

from locus.anchors.symbols import enclosing_symbol, language_of


def symbol(path: str, source: str) -> str | None:
    """Of the line that is marked with `<<`."""
    lines = source.strip("\n").split("\n")
    at = next(at for at, line in enumerate(lines) if line.endswith("<<"))
    lines[at] = lines[at].removesuffix("<<").rstrip()
    return enclosing_symbol(lines, at, at, language_of(path))


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        (
            "a.py",
            "class A:\n    x = 1\n\n    async def run(self,\n        b,\n    ) -> None:\n        if b:\n            go()  <<",
            "A.run",
        ),
        ("a.py", "def f():\n    def g():\n        pass\n    return g  <<", "f"),
        ("a.py", "def f():  <<\n    pass", "f"),
        ("a.py", "def f():\n    pass\n\nx = 1  <<", None),
        ("a.py", "class A:\n    @property\n    def name(self):\n        return 1  <<", "A.name"),
        ("a.js", "export default async function load(url) {\n  return fetch(url);  <<\n}", "load"),
        ("a.ts", "export class Cart {\n  private total(items: Item[]): number {\n    return 1;  <<\n  }\n}", "Cart.total"),
        ("a.ts", "const pick = async (a: A): Promise<B> => {\n  return b;  <<\n};", "pick"),
        ("a.ts", "function f() {\n  if (a) {\n    b();  <<\n  }\n}", "f"),
        ("a.go", "func (s *Server) Serve(ctx context.Context) error {\n\treturn nil  <<\n}", "Server.Serve"),
        ("a.go", "type Cart struct {\n\tItems []Item  <<\n}", "Cart"),
        ("a.rs", "impl<T> Iterator for Stack<T> {\n    pub fn next(&mut self) -> Option<T> {\n        None  <<\n    }\n}", "Stack::next"),
        ("a.rs", "pub(crate) async fn run() {\n    go().await  <<\n}", "run"),
        (
            "A.java",
            "public class A extends B {\n    @Override\n    public List<String> names(int n) {\n        return null;  <<\n    }\n}",
            "A.names",
        ),
        ("a.c", "static int\nadd(int a, int b)\n{\n    return a + b;  <<\n}", None),
        ("a.c", "static int add(int a, int b)\n{\n    return a + b;  <<\n}", "add"),
        ("a.cpp", "void Cart::add(const Item& item) {\n    items.push_back(item);  <<\n}", "Cart::add"),
        ("a.rb", "class A\n  def self.make!\n    new  <<\n  end\nend", "A.make!"),
        ("a.sh", "build() {\n  make  <<\n}", "build"),
        ("a.txt", "def f():\n    x  <<", None),
    ],
)
def test_the_enclosing_symbol(path: str, source: str, expected: str | None) -> None:
    assert symbol(path, source) == expected


def test_a_selection_that_begins_with_a_decorator_is_about_the_function_below() -> None:
    lines = ["@cached", "# why", "def f():", "    pass"]
    assert enclosing_symbol(lines, 0, 3, language_of("a.py")) == "f"


@pytest.mark.timeout(10)
@pytest.mark.parametrize("path", ["a.py", "a.ts", "a.go", "a.rs", "a.java", "a.cpp", "a.rb", "a.sh"])
@pytest.mark.parametrize("line", ["a " * 5000, "a.b<c>&*" * 2000, "public static " * 2000, "const x = " + "(" * 9000, "impl<" * 3000])
def test_no_line_makes_it_slow(path: str, line: str) -> None:
    assert len(enclosing_symbol([line, f"    {line}"], 1, 1, language_of(path)) or "") < 1000


def test_the_language_of_a_fence() -> None:
    assert [language_of(name).name for name in ("a.PY", "b.tsx", "Makefile", "c.unknown", "d")] == ["python", "tsx", "makefile", "", ""]
