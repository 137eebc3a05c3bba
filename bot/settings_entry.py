"""What every part of `twinspan.yaml` is made of."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


def or_empty(value: Any) -> Any:
    """Read a section with nothing under it as an empty one."""
    return {} if value is None else value


def as_list(value: Any) -> Any:
    """Read one word as a list of it."""
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(as_list, json_schema_input_type=str | list[str])]


class Entry(BaseModel):
    """A part of the file: unknown keys are refused, numbers may stand for words."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
