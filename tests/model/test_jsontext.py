import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.model.jsontext import Broken, Parsed, Span, parse
from support.properties import json_values, modest


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("  \n\n", 3, "empty"),
        ('{\n  "a": 1,}', 2, "no comma before the closing bracket"),
        ('{"a": 1\n "b": 2}', 2, "a comma"),
        ('{"a" 1}', 1, "a colon"),
        ('{\n\n"a": }', 3, "a value"),
        ("{a: 1}", 1, "double quotes"),
        ("{'a': 1}", 1, "double quotes"),
        ('{"a": [1, 2', 1, "ends too early"),
        ('{\n  // why\n  "a": 1}', 2, "comments"),
        ("{}\n{}", 2, "nothing after"),
        ('{"a": NaN}', 1, "NaN"),
        ('{"a": "x\ny"}', 1, "control character"),
        ("[" * 100_000, 1, "too deeply"),
        ('{"a": ' + "9" * 5000 + "}", 1, "limit"),
    ],
)
def test_what_is_wrong_and_where(text: str, line: int, words: str) -> None:
    broken = parse(text)
    assert isinstance(broken, Broken)
    assert broken.span.line == line
    assert words in broken.message


def test_where_keys_stand() -> None:
    text = '{\n  "a": {"b": [1, {"c": "x: {\\""}]},\r\n\t"ü😀": true, "😀" : 2\n}'
    parsed = parse(text)
    assert isinstance(parsed, Parsed)
    assert parsed.value == json.loads(text)
    assert parsed.spans == {
        "a": Span(2, 2, 3),
        "a.b": Span(2, 8, 3),
        "a.b.1.c": Span(2, 18, 3),
        "ü😀": Span(3, 1, 5),
        "😀": Span(3, 14, 4),
    }


def test_keys_given_twice() -> None:
    parsed = parse('{"a": {"x": 1,\n"x": 2},\n "\\u0061": {"x": 3}}')
    assert isinstance(parsed, Parsed)
    assert parsed.twice == (("a.x", Span(2, 0, 3)), ("a", Span(3, 1, 8)))
    assert parsed.value == {"a": {"x": 3}}
    assert parsed.spans["a"] == Span(3, 1, 8)


def paths(value: Any, prefix: str = "") -> set[str]:
    found: set[str] = set()
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in inner:
        path = f"{prefix}.{name}" if prefix else str(name)
        found |= ({path} if isinstance(value, dict) else set()) | paths(child, path)
    return found


@modest
@given(json_values, st.sampled_from([None, 1]), st.booleans())
def test_every_key_has_its_place(value: Any, indent: int | None, ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii, allow_nan=True)
    parsed = parse(text)
    if isinstance(parsed, Broken):
        assert "NaN" in text or "Infinity" in text
        return
    assert set(parsed.spans) == paths(parsed.value)
    lines = text.split("\n")
    for path, span in parsed.spans.items():
        units = lines[span.line - 1].encode("utf-16-le", "surrogatepass")
        token = units[2 * span.column : 2 * (span.column + span.length)].decode("utf-16-le", "surrogatepass")
        assert path.endswith(json.loads(token))


@modest
@given(st.text(st.sampled_from(list('{}[],:" \n\\u1atrue')), max_size=30) | st.text())
def test_no_text_is_too_odd(text: str) -> None:
    parsed = parse(text)
    try:
        expected = json.loads(text, parse_constant=int)  # NaN and Infinity are no numbers for int, nor for JSON
    except ValueError:
        assert isinstance(parsed, Broken)
        assert 1 <= parsed.span.line <= text.count("\n") + 1
    else:
        assert isinstance(parsed, Parsed) and parsed.value == expected


def test_one_long_line_comes_to_an_end() -> None:
    """Going over the line again for each key would take minutes: the suite's time limit is the assertion."""
    parsed = parse(json.dumps({f"key{number:07}": number for number in range(50_000)}))
    assert isinstance(parsed, Parsed)
    assert parsed.spans["key0049999"].column > 1_000_000
