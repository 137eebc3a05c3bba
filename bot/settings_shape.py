"""Turns what was read from `twinspan.yaml` into its typed form, and pydantic's complaints into words with a remedy."""

from collections.abc import Iterator
from copy import deepcopy
from types import NoneType, UnionType
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.settings_file import File
from bot.settings_problems import Place
from bot.settings_yaml import Document
from handlers.suggest import did_you_mean

_SEE_DOCS: Final = "See docs/configuration.md."
_COMMENT: Final = "A # starts a comment in YAML: put channel names in quotes, such as '#payments-dev'."


def shaped(document: Document) -> File | None:
    """Return the file in its typed form, without what cannot be read; every reason is added to the document.

    With reasons there, what is returned serves only to look for the rest of what is wrong. `None`: nothing is left.
    """
    _name_listed_services(document)
    try:
        return File.model_validate(document.value)
    except ValidationError as error:
        details = _details(error)
    for detail in details:
        _complain(document, detail)
    document.misshapen = frozenset(detail["loc"] for detail in details)
    return _what_is_left(deepcopy(document.value), details)


def _what_is_left(value: Any, wrong: list[ErrorDetails]) -> File | None:
    while isinstance(value, dict) and all(detail["loc"] for detail in wrong):
        for detail in wrong:
            _remove(value, detail["loc"])
        try:
            return File.model_validate(value)
        except ValidationError as error:
            wrong = _details(error)
    return None


def _remove(value: dict[Any, Any], path: Place) -> None:
    """Remove what a complaint is about; where something is missing, what it is missing from."""
    holder, key = value, path[0]
    for step in path[1:]:
        inner = holder.get(key)
        if not isinstance(inner, dict) or step not in inner:
            break
        holder, key = inner, step
    holder.pop(key, None)


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_input=True)


def _name_listed_services(document: Document) -> None:
    """Where services are a list, make it the mapping it stands for, and refuse a name that is there twice."""
    listed = document.value.get("services") if isinstance(document.value, dict) else None
    if not isinstance(listed, list):
        return
    services: dict[str, Any] = {}
    for index, item in enumerate(listed):
        name = item.get("name") if isinstance(item, dict) else item
        if not isinstance(name, str):
            fix = "Write a name, such as `- payments`, in quotes where it looks like a number."
            document.complain(("services", index), "a service without a name", fix)
        elif name in services:
            document.complain(("services", index), f"{name} is there twice", "Keep one of the two.")
        else:
            services[name] = item if isinstance(item, dict) else {}
            for path in [p for p in document.lines if p[:2] == ("services", index)]:
                document.lines.setdefault(("services", name, *path[2:]), document.lines[path])
    document.value = {**document.value, "services": services}


def _complain(document: Document, detail: ErrorDetails) -> None:
    path: Place = detail["loc"]
    what, fix = _said(path, detail)
    document.complain(path, what, fix)


def _said(path: Place, detail: ErrorDetails) -> tuple[str, str]:
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        word = str(path[-1])
        return f"unknown key {word}", did_you_mean(word, _keys_at(path[:-1])).strip() or _SEE_DOCS
    if path and path[-1] in ("dev", "ops", "admin_channel") and (value is None or kind == "missing"):
        return "a channel is missing", f"Name it, by #name or id. {_COMMENT}"
    if kind == "missing":
        return "missing", f"Add `{path[-1]}:`. {_SEE_DOCS}"
    if kind in ("literal_error", "enum"):
        expected = str(detail.get("ctx", {}).get("expected", ""))
        return f"must be {expected}", did_you_mean(
            str(value), expected.replace(" or ", ", ").replace("'", "").split(", ")
        ).strip()
    if kind in ("dict_type", "model_type"):
        below = "Write lines of `key: value` below it, further to the right."
        return "must be a mapping", f"{below if path else 'Begin as twinspan.example.yaml does.'} {_SEE_DOCS}"
    # pydantic's sentence never holds the value itself, which may be a secret.
    message = detail["msg"].replace("Input should", "must", 1)
    return message[0].lower() + message[1:], f"Change the value. {_SEE_DOCS}"


def _keys_at(path: Place) -> list[str]:
    shape: Any = File
    for step in path:
        shape = _inside(shape, step)
    return list(shape.model_fields) if isinstance(shape, type) and issubclass(shape, BaseModel) else []


def _inside(shape: Any, step: str | int) -> Any:
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        found = shape.model_fields.get(str(step))
        return _bare(found.annotation) if found else None
    return next(_values_of(shape), None)


def _values_of(shape: Any) -> Iterator[Any]:
    if get_origin(shape) is dict:
        yield _bare(get_args(shape)[1])


def _bare(annotation: Any) -> Any:
    """Return an annotation without what surrounds it; of `X | None` the `X`."""
    if get_origin(annotation) not in (Annotated, UnionType):
        return annotation
    return _bare(next(inner for inner in get_args(annotation) if inner is not NoneType))
