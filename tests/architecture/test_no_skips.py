"""A skipped test is a failure in CI, and only there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SKIPPING = {
    "a test": "import pytest\ndef test_it():\n    pytest.skip('no git here')",
    "a mark": "import pytest\n@pytest.mark.skip(reason='no git here')\ndef test_it():\n    pass",
    "a fixture": "import pytest\n@pytest.fixture\ndef part():\n    pytest.skip('no git here')\ndef test_it(part):\n    pass",
    "a module": "import pytest\npytest.skip('no git here', allow_module_level=True)",
}


def run(folder: Path, source: str, **more: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(source, encoding="utf-8")
    (folder / "conftest.py").write_text('pytest_plugins = ["support.no_skips"]\n', encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONPATH": str(TESTS)} | more
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("source", SKIPPING.values(), ids=SKIPPING)
def test_a_skip_fails_in_ci(source: str, tmp_path: Path) -> None:
    done = run(tmp_path, source, CI="true")
    assert done.returncode in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED), done.stdout
    assert "no git here" in done.stdout
    assert "nothing may be skipped" in done.stdout


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    done = run(tmp_path, SKIPPING["a test"])
    assert done.returncode == pytest.ExitCode.OK
    assert "1 skipped" in done.stdout


def test_what_passes_passes_in_ci(tmp_path: Path) -> None:
    done = run(tmp_path, "def test_it():\n    pass", CI="true")
    assert done.returncode == pytest.ExitCode.OK
