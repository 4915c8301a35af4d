"""Layers point one way: the law is pure, nobody imports the command line, the sandbox is known to one module."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PURE = {
    "__future__", "calendar", "collections", "dataclasses", "datetime", "enum", "functools", "itertools", "math",
    "threading", "types", "typing",  # threading: a lock
    "holidays", "transitions",
}  # fmt: skip


def modules(package: str) -> dict[str, Path]:
    """All modules of a package by dotted name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted((ROOT / package).rglob("*.py"))
    }


ALL = {**modules("bot"), **modules("workflows")}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path, at_start: bool = False) -> Iterator[str]:
    """Dotted names that a module imports, `from a import b` as `a.b`; `at_start`: only what importing it runs."""
    tree = parsed(path)
    for node in _running(tree) if at_start else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when a module is imported: no function bodies, nothing for the type checker alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _running(child)


def own(name: str) -> str:
    """The module of ours that an imported name belongs to, "" when it is none."""
    return name if name in ALL else (name.rpartition(".")[0] if name.rpartition(".")[0] in ALL else "")


def importers(of: str) -> set[str]:
    """The modules that import this one or anything under it."""
    return {module for module, path in ALL.items() for name in imports(path) if name == of or name.startswith(f"{of}.")}


@pytest.mark.parametrize("module", modules("workflows"))
def test_the_law_imports_nothing_that_talks_to_a_network_a_disk_or_a_clock(module: str) -> None:
    for name in imports(ALL[module]):
        top = name.partition(".")[0]
        assert top in PURE or top == "workflows" or (module, top) == ("workflows.machine", "sys"), name


def test_the_law_asks_no_clock() -> None:
    for path in modules("workflows").values():
        for node in ast.walk(parsed(path)):
            assert not (isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today")), path
            assert not (isinstance(node, ast.Name) and node.id == "open"), path


def test_nothing_imports_the_command_line() -> None:
    assert importers("bot.cli") <= {"bot.cli", "bot.__main__"}


def test_the_sandbox_is_known_to_the_command_line_alone() -> None:
    outside = {module for module in importers("bot.sandbox") if not module.startswith("bot.sandbox")}
    assert outside <= {"bot.cli"}


def test_the_sandbox_takes_nothing_from_the_program_that_it_tests() -> None:
    for module, path in modules("bot/sandbox").items():
        taken = {name for name in imports(path) if own(name) and not name.startswith("bot.sandbox")}
        assert not taken, f"{module} imports {taken}"


@pytest.mark.parametrize("library", ["O365", "msal"])
def test_only_the_graph_package_speaks_to_microsoft(library: str) -> None:
    assert all(module.startswith("bot.graph") for module in importers(library))


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {
        module: {own(name) for name in imports(path, at_start=True)} - {"", module} for module, path in ALL.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))
