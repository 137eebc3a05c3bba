"""Reads a YAML file into plain values and remembers the line of each, so that every complaint can say where."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from bot.settings_problems import Place, Problem, written

Lookup = Callable[[str], str | None]
_VARIABLE: Final = re.compile(r"\$(\$)?\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(kw_only=True)
class Document:
    """One file, read: its values, the line of every path in it, and what was wrong so far."""

    file: str
    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    misshapen: frozenset[Place] = frozenset()
    filled_in: dict[str, str] = field(default_factory=dict)

    def line(self, path: Place) -> int | None:
        """Return the line of a path, or of the nearest thing around it."""
        return next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), None)

    def names(self, section: str) -> list[str]:
        """Return the names that a section gives, also to what is wrong otherwise."""
        found = self.value.get(section) if isinstance(self.value, dict) else None
        return list(found) if isinstance(found, dict) else []

    def complain(self, path: Place, what: str, fix: str) -> None:
        """Add a problem at a path, unless it only follows from a shape that was complained of already."""
        if any(path[: len(wrong)] == wrong or wrong[: len(path)] == path for wrong in self.misshapen):
            return
        # What came from the environment may be a secret, wherever it was written by mistake.
        for value, variable in self.filled_in.items():
            what = what.replace(value, variable)
        self.problems.append(Problem(path=written(path), what=what, fix=fix, file=self.file, line=self.line(path)))


def read(text: str, *, file: str, lookup: Lookup) -> Document:
    """Read one YAML document. `${NAME}` in a value is replaced by `lookup(NAME)`; `$${NAME}` stands for itself."""
    document = Document(file=file)
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is not None:
            document.value = _Reader(document, loader, lookup).value(node, ())
    except yaml.MarkedYAMLError as error:
        _complain_of_syntax(document, error)
    except yaml.YAMLError:
        document.complain((), "not readable as YAML", "Save the file as UTF-8 text, without control characters.")
    return document


def _complain_of_syntax(document: Document, error: yaml.MarkedYAMLError) -> None:
    if error.problem_mark is not None:
        document.lines[()] = error.problem_mark.line + 1
    # PyYAML quotes what it stumbled over, which may be part of a secret.
    said = re.sub(r"(['\"]).*\1", "…", error.problem or "it cannot be parsed")
    fix = "Mend the YAML here: mind the indentation, and put values with special characters in quotes."
    document.complain((), f"not YAML: {said}", fix)


class _Reader:
    def __init__(self, document: Document, loader: yaml.SafeLoader, lookup: Lookup) -> None:
        self._document = document
        self._loader = loader
        self._lookup = lookup
        self._open: set[int] = set()
        self._flat: set[int] = set()

    def value(self, node: yaml.Node, path: Place) -> Any:
        self._document.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._open:
            self._document.complain(path, "refers to itself", "Remove the alias (`*…`).")
            return None
        self._open.add(id(node))
        try:
            return self._read(node, path)
        finally:
            self._open.discard(id(node))

    def _read(self, node: yaml.Node, path: Place) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, n)) for n, item in enumerate(node.value)]
        found = self._scalar(node, path)
        return self._filled_in(found, path) if isinstance(found, str) else found

    def _scalar(self, node: yaml.Node, path: Place) -> Any:
        try:
            return self._loader.construct_object(node)
        except (ValueError, yaml.YAMLError):
            self._document.complain(path, "not a value YAML knows", "Put it in quotes.")
            return None

    def _mapping(self, node: yaml.MappingNode, path: Place) -> dict[str, Any]:
        if id(node) not in self._flat:
            self._flat.add(id(node))
            self._complain_of_duplicates(node, path)
            self._loader.flatten_mapping(node)
        found: dict[str, Any] = {}
        for key, item in node.value:
            name = self._name(key, path)
            self._document.lines[(*path, name)] = key.start_mark.line + 1
            found[name] = self.value(item, (*path, name))
        return found

    def _name(self, key: yaml.Node, path: Place) -> str:
        if isinstance(key, yaml.ScalarNode):
            # As it is written: `on:` is a name here, not the truth value that YAML 1.1 makes of it.
            return str(key.value)
        self._document.complain(path, "a key is not a plain word", "Write keys as plain words.")
        return "?"

    def _complain_of_duplicates(self, node: yaml.MappingNode, path: Place) -> None:
        first: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if key.value in first:
                self._document.lines[(*path, key.value)] = line
                what = f"written twice, first on line {first[key.value]}"
                self._document.complain((*path, key.value), what, "Keep one of the two.")
            first.setdefault(key.value, line)

    def _filled_in(self, text: str, path: Place) -> str:
        def replaced(match: re.Match[str]) -> str:
            if match[1]:
                return match[0][1:]
            found = self._lookup(match[2])
            if found is None:
                self._document.complain(
                    path,
                    f"the environment has no variable {match[2]}",
                    f"Set {match[2]} (or {match[2]}_FILE to the path of a file that holds it); "
                    f"write $${{{match[2]}}} to mean the text itself.",
                )
            elif found:
                self._document.filled_in[found] = match[0]
            return match[0] if found is None else found

        return _VARIABLE.sub(replaced, text)
