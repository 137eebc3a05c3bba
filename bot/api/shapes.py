"""What the API answers with: the records without the memory's own bookkeeping, and the document that describes it."""

from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias, get_type_hints

import msgspec

from models.delivery import Numbers
from models.records import Change, Deploy, Incident
from models.sides import Between

_INTERNAL: Final = frozenset({"said", "latest_at", "remedy"})


# With an offset: the document then says `date-time`.
Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
_TOLD_AS: Final[dict[Any, Any]] = {datetime: Instant, datetime | None: Instant | None}


def _public(name: str, record: type[Any]) -> type[msgspec.Struct]:
    hints = get_type_hints(record)
    shown = [(f.name, _TOLD_AS.get(hints[f.name], hints[f.name])) for f in fields(record) if f.name not in _INTERNAL]
    return msgspec.defstruct(name, shown, kw_only=True)


DeployShape: Final = _public("Deploy", Deploy)
ChangeShape: Final = _public("Change", Change)
IncidentShape: Final = _public("Incident", Incident)
_SHAPES: Final[dict[type[Any], type[msgspec.Struct]]] = {
    Deploy: DeployShape,
    Change: ChangeShape,
    Incident: IncidentShape,
}


class BothSides(msgspec.Struct, kw_only=True):
    """The numbers between the two sides, of the same periods."""

    now: Between
    previous: Between
    history: list[Between]


class Report(msgspec.Struct, kw_only=True):
    """The numbers of a period, of the calendar period before it, and of the last ones (oldest first)."""

    scope: str
    period: str
    timezone: str
    start: Instant
    end: Instant
    as_of: Instant
    now: Numbers
    previous: Numbers
    history: list[Numbers]
    between: BothSides


class Problem(msgspec.Struct, kw_only=True):
    """What was wrong with a request, in which of its parameters, and what to do."""

    error: str
    field: str | None = None
    hint: str | None = None


def shown(record: Any) -> msgspec.Struct:
    """Return a record as the API shows it."""
    shape = _SHAPES[type(record)]
    return shape(**{name: getattr(record, name) for name in shape.__struct_fields__})


_TEXT: Final = {"type": "string"}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_LISTING: Final = (
    ("service", _TEXT, "A service, by any name the configuration knows."),
    ("environment", _TEXT, "An environment, by its name."),
    ("status", _TEXT, "Only those in this state."),
    ("since", _INSTANT, "From this instant on."),
    ("until", _INSTANT, "Before this instant."),
    ("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}, "How many a page holds."),
    ("cursor", _TEXT, "`next` of the page before."),
)
_REPORT: Final = (
    ("service", _TEXT, "Only this service."),
    ("bridge", _TEXT, "Only the services of this bridge."),
    ("team", _TEXT, "Only the services of this team."),
    ("environment", _TEXT, "Only what reached this environment."),
    ("period", {"type": "string", "enum": ["day", "week", "month"], "default": "week"}, "How long it is."),
    ("date", {"type": "string", "format": "date"}, "A day in the period. Left out: the last whole period."),
    ("timezone", _TEXT, "Its IANA zone. Left out: that of the first digest, else UTC."),
    ("as_of", _INSTANT, "Leave out what happened or arrived later. Left out: now."),
)
LISTED: Final = {"deploys": DeployShape, "changes": ChangeShape, "incidents": IncidentShape}


def openapi(version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    types = (Report, Problem, *LISTED.values())
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    paths = {"/api/metrics": _path("The delivery metrics of a period.", _REPORT, _ref("Report"))}
    for name, shape in LISTED.items():
        page = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": _ref(shape.__name__)},
                "next": {"type": ["string", "null"], "description": "The cursor of the next page."},
            },
        }
        paths[f"/api/{name}"] = _path(f"The {name}, newest first, page by page.", _LISTING, page)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Twinspan", "version": version, "summary": "What the bot remembers, to read."},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _path(summary: str, parameters: Any, answer: dict[str, Any]) -> dict[str, Any]:
    problem = {"content": {"application/json": {"schema": _ref("Problem")}}}
    return {
        "get": {
            "summary": summary,
            "parameters": [
                {"name": name, "in": "query", "schema": schema, "description": said}
                for name, schema, said in parameters
            ],
            "responses": {
                "200": {"description": "Here it is.", "content": {"application/json": {"schema": answer}}},
                "304": {"description": "It is as it was: the ETag in If-None-Match still holds."},
                "400": {"description": "A parameter is wrong.", **problem},
                "401": {"description": "The token is missing or wrong.", **problem},
                "404": {"description": "The API is closed: no token is configured.", **problem},
                "503": {"description": "The database does not answer.", **problem},
            },
        }
    }
