"""Queries that are compiled once and asked with other values each time.

Django compiles a queryset anew whenever it is evaluated. For a look by key, asked for every socket that comes back or
for every run that begins, that takes longer than the database takes to answer. A prepared query is an ordinary queryset
with slots for what will be asked; its SQL is kept for each kind of database.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model, QuerySet

Row = tuple[Any, ...]
M = TypeVar("M", bound=Model)
Converters = dict[int, tuple[list[Callable[..., Any]], Any]]  # by column: what Django makes of it, and for what


class Slot(Expression):
    """The place of a value, which is handed to the database as a value of `output_field` is. A number beyond what that
    can hold is as the last one it can."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]

    def filled(self, given: Mapping[str, Any], database: BaseDatabaseWrapper) -> Any:
        value = self.output_field.get_db_prep_value(given[self.name], database)
        if type(value) is not int:
            return value
        least, most = database.ops.integer_field_range(self.output_field.get_internal_type())
        return min(max(value, least), most)


@dataclass(frozen=True, slots=True)
class _Statement:
    """`names`: of the model's fields, for a queryset of whole objects."""

    sql: str
    parameters: tuple[Any, ...]
    converters: Converters
    model: type[Model]
    names: tuple[str, ...]


class Prepared(Generic[M]):
    """`build` makes the queryset, of `values_list` or of whole objects without their relations. It asks nothing, and is
    called once for each kind of database."""

    def __init__(self, build: Callable[[], QuerySet[M, Any]]) -> None:
        self._statement = cache(lambda vendor: _compiled(build()))

    def raw(self, **given: Any) -> list[Row]:
        """The rows for these values, one for the name of each slot, as the database gives them: for hundreds of rows of
        which few values need Django's eye."""
        database = connections[DEFAULT_DB_ALIAS]
        return _fetched(self._statement(database.vendor), given, database)

    def rows(self, **given: Any) -> list[Row]:
        """As Django gives them."""
        database = connections[DEFAULT_DB_ALIAS]
        statement = self._statement(database.vendor)
        return [_converted(row, statement, database) for row in _fetched(statement, given, database)]

    def objects(self, **given: Any) -> list[M]:
        database = connections[DEFAULT_DB_ALIAS]
        statement = self._statement(database.vendor)
        made: Any = statement.model.from_db
        found = _fetched(statement, given, database)
        return [made(database.alias, statement.names, _converted(row, statement, database)) for row in found]


def _fetched(statement: _Statement, given: Mapping[str, Any], database: BaseDatabaseWrapper) -> list[Row]:
    asked = [each.filled(given, database) if isinstance(each, Slot) else each for each in statement.parameters]
    with database.cursor() as cursor:
        cursor.execute(statement.sql, asked)
        found: list[Row] = cursor.fetchall()
    return found


def _converted(row: Row, statement: _Statement, database: BaseDatabaseWrapper) -> Row:
    if not statement.converters:
        return row
    values = list(row)
    for number, (converters, expression) in statement.converters.items():
        for convert in converters:
            values[number] = convert(values[number], expression, database)
    return tuple(values)


def _compiled(queryset: QuerySet[Any, Any]) -> _Statement:
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, parameters = compiler.as_sql()
    converters = compiler.get_converters([each[0] for each in compiler.select])
    names = tuple(field.attname for field in queryset.model._meta.concrete_fields)
    return _Statement(sql, tuple(parameters), converters, queryset.model, names)
