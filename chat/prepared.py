"""Queries that are compiled once and asked with other values each time.

Django compiles a queryset anew whenever it is evaluated. For a look by key, asked for every socket that comes back,
that takes longer than the database takes to answer. A prepared query is an ordinary queryset of `values_list` with
slots for what will be asked; its SQL is kept for each kind of database.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Expression, Field, QuerySet

Row = tuple[Any, ...]


class Slot(Expression):
    """The place of a value, which is handed to the database as a value of `output_field` is."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]

    def filled(self, given: Mapping[str, Any]) -> Any:
        return self.output_field.get_db_prep_value(given[self.name], connection)


class Prepared:
    """`build` makes the queryset, without asking it anything, in the first thread that needs it."""

    def __init__(self, build: Callable[[], QuerySet[Any, Row]]) -> None:
        self._compiled = cache(lambda vendor: _compiled(build()))

    def rows(self, **given: Any) -> list[Row]:
        """What the queryset has for these values, one for the name of each slot."""
        columns = self._compiled(connection.vendor)[2]
        found = self.raw(**given)
        return [_converted(row, columns) for row in found] if columns else found

    def raw(self, **given: Any) -> list[Row]:
        """As `rows`, but as the database gives them: for hundreds of rows of which few values need Django's eye."""
        sql, parameters, _ = self._compiled(connection.vendor)
        with connection.cursor() as cursor:
            cursor.execute(sql, [each.filled(given) if isinstance(each, Slot) else each for each in parameters])
            found: list[Row] = cursor.fetchall()
        return found


Columns = dict[int, tuple[list[Callable[..., Any]], Any]]


def _compiled(queryset: QuerySet[Any, Row]) -> tuple[str, tuple[Any, ...], Columns]:
    """The statement, its parameters, and which of its columns Django makes something else of, and how."""
    compiler = queryset.query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    return sql, tuple(parameters), compiler.get_converters([each[0] for each in compiler.select])


def _converted(row: Row, columns: Columns) -> Row:
    values = list(row)
    for number, (converters, expression) in columns.items():
        for convert in converters:
            values[number] = convert(values[number], expression, connection)
    return tuple(values)
