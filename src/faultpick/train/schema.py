"""The settings written out, as a TOML file that can be edited into a config."""

import json
import textwrap
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    dict: "table",
}


def describe(schema: type[BaseModel], prefix: str = "") -> str:
    """Every setting with its type, description and default, as TOML.

    Settings without a default stand commented out with their type in place of a value.
    """
    single, groups = [], []
    for name, field in schema.model_fields.items():
        group = _group(field)
        if group is None:
            single.append(_setting(name, field))
        else:
            heading = (group.__doc__ or "").strip().splitlines()[0]
            groups.append(f"# {heading}\n[{prefix}{name}]\n\n{describe(group, f'{prefix}{name}.')}")
    return "\n".join([*single, *groups])


def _group(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _setting(name: str, field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    bounds = [_bound(rule) for rule in field.metadata]
    kind = ", ".join([_kind(field.annotation), *filter(None, bounds)])
    if field.is_required():
        value = f"# {name} = <{kind}; must be given>"
    elif default is None:
        value = f"# {name} = <{kind}; unset>"
    else:
        value = f"{name} = {_toml(default)}  # {kind}"
    comment = textwrap.fill(field.description or "", 100, initial_indent="# ", subsequent_indent="# ")
    return f"{comment}\n{value}\n"


def _kind(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(json.dumps(choice) for choice in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(choice) for choice in arguments if choice is not type(None))
    if origin is tuple:
        return (
            f"list of {_kind(arguments[0])}s"
            if Ellipsis in arguments
            else f"{len(arguments)} {_kind(arguments[0])}s"
        )
    if origin is Annotated:
        return ", ".join([_kind(arguments[0]), *map(_bound, getattr(arguments[1], "metadata", ()))])
    return _WORDS.get(origin or annotation, str(annotation))


def _bound(rule: Any) -> str:
    for attribute, sign in (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below")):
        if hasattr(rule, attribute):
            return f"{sign} {getattr(rule, attribute)}"
    return ""


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value, default=str)
