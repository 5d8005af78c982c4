"""The one face: native where built, the twin where not, and never in silence."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import spark_apps.kernels as face
from spark_apps.errors import MissingTool
from spark_apps.kernels import choose, reference

STUB = Path(face.__file__).with_name("_native.pyi")
WITHOUT = "import sys; sys.modules['spark_apps.kernels._native'] = None; import spark_apps.kernels as face; "


def public(names: list[str]) -> set[str]:
    """Leave out what Python adds."""
    return {name for name in names if not name.startswith("_")}


def declared(path: Path) -> dict[str, set[str]]:
    """Give what a stub declares: functions, and classes with their methods."""
    nodes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return {node.name: public([part.name for part in node.body if isinstance(part, ast.FunctionDef)]) for node in nodes}


def test_the_stub_names_what_the_module_has() -> None:
    native = choose("preferred")
    actual = {name: getattr(native, name) for name in public(dir(native)) & declared(STUB).keys()}
    assert {name: public(dir(item)) if inspect.isclass(item) else set() for name, item in actual.items()} == declared(
        STUB
    )


def test_the_module_and_its_twin_have_the_same_names() -> None:
    assert set(reference.__all__) == declared(STUB).keys()
    assert not face.NATIVE or public(dir(choose("required"))) == set(reference.__all__)


@pytest.mark.parametrize("name", ["BarFold", "CrossFold", "IndicatorFold"])
def test_the_twin_takes_the_same_arguments(name: str) -> None:
    stub = next(
        node for node in ast.parse(STUB.read_text()).body if isinstance(node, ast.ClassDef) and node.name == name
    )
    for method in (node for node in stub.body if isinstance(node, ast.FunctionDef)):
        twin = [*inspect.signature(getattr(getattr(reference, name), method.name)).parameters]
        assert [argument.arg for argument in method.args.args] == [part for part in twin if not part.startswith("_")]


def python(code: str) -> str:
    """Run Python in a process without the native module; give what it printed."""
    return subprocess.run([sys.executable, "-c", WITHOUT + code], check=True, capture_output=True, text=True).stdout


def test_without_a_compiler_the_twin_answers() -> None:
    assert python("print(face.NATIVE, face.BarFold.__module__)").split() == [
        "False",
        "spark_apps.kernels.reference_bars",
    ]


def test_the_twin_answers_with_one_warning() -> None:
    assert python("[face.choose('preferred') for _ in range(3)]").count("native_kernels_missing") == 1


def test_off_is_the_twin() -> None:
    assert choose("off").BarFold is reference.BarFold


def test_kernels_that_are_required_and_missing_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face, "NATIVE", False)
    with pytest.raises(MissingTool, match="features.native_kernels"):
        choose("required")


def test_preferred_without_native_warns_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face, "NATIVE", False)
    assert choose("preferred").fold_bars is reference.fold_bars
