"""YAML text as plain values with the line of each; what YAML silently lets pass is refused."""

from decimal import Decimal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Path = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_LONGEST_NUMBER = 40  # characters


class Document:
    """`value` is the file's content: dicts, lists, texts, ints, Decimals, truth values and None.

    Dates stay texts. List items are counted from 1 in paths. `problems` are (line, path, text).
    """

    def __init__(self, text: str) -> None:
        self.problems: list[tuple[int, Path, str]] = []
        self._lines: dict[Path, int] = {(): 1}
        self._yaml = YAML(typ="safe", pure=True)
        self.value: object = None
        try:
            node = self._yaml.compose(text)
            self.value = self._plain(node, ()) if node else None
        except MarkedYAMLError as error:
            mark = error.problem_mark
            self.problems.append((mark.line + 1 if mark else 1, (), f"no valid YAML: {error.problem}"))
        except YAMLError as error:
            self.problems.append((1, (), f"no valid YAML: {str(error).splitlines()[0]}"))
        except RecursionError:
            self.problems.append((1, (), "no scenario: values are nested too deeply"))

    def line(self, path: Path) -> int:
        """The line of a path, or of the nearest thing around it."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def add(self, path: Path, text: str) -> None:
        self.problems.append((self.line(path), path, text))

    def _plain(self, node: Node, path: Path) -> object:
        if node.anchor:
            self.add(path, f"expected no anchor, got &{node.anchor}: write the value out where it is used")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._item(child, (*path, number)) for number, child in enumerate(node.value, 1)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, path)

    def _item(self, node: Node, path: Path) -> object:
        self._lines[path] = node.start_mark.line + 1
        return self._plain(node, path)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, child in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self.problems.append((line, path, "expected a name before the colon"))
            elif key.value in values:
                first = self._lines[(*path, key.value)]
                self.problems.append((line, (*path, key.value), f"given twice, first on line {first}"))
            else:
                self._lines[(*path, key.value)] = line
                values[key.value] = self._plain(child, (*path, key.value))
        return values

    def _scalar(self, node: ScalarNode, path: Path) -> object:
        kind, text = str(node.tag).removeprefix(_TAG), node.value
        if kind in ("str", "timestamp") or (kind in ("int", "float") and len(text) > _LONGEST_NUMBER):
            return text
        if kind == "float":
            return _decimal(text)
        if kind in ("int", "bool", "null"):
            return self._yaml.constructor.construct_object(node)
        self.add(path, f"expected a plain value, got one tagged {node.tag}")
        return None


def _decimal(text: str) -> Decimal | str:
    """The number as written, unrounded; infinity, not-a-number and absurd exponents stay texts."""
    try:
        number = Decimal(text.replace("_", ""))
    except ArithmeticError:
        return text
    return number if abs(number.adjusted()) <= _LONGEST_NUMBER else text
