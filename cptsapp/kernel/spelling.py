"""Columns spelled by looking them up: peewee composes each of them, alias, dot and quotes, at each query.

A page of the desk names some six hundred columns; composing them took more time than reading the rows.
"""

from peewee import SCOPE_VALUES, Context, Field, FieldAlias


class QuickContext(Context):
    """peewee's way to write SQL, which writes the columns of our tables at once, and limits as they are."""

    def sql(self, obj):
        if type(obj) is int and self._sql and self._sql[-1] == " LIMIT ":
            return self.literal(str(obj))  # SQLite plans a query again at each run when its limit is a value
        if not isinstance(obj, Field) or isinstance(obj, FieldAlias):
            return super().sql(obj)
        if self.state.scope == SCOPE_VALUES:
            return self.literal(f'"{obj.column_name}"')
        table = obj.model._meta.table
        if table._alias:
            return super().sql(obj)
        return self.literal(f'"{self.alias_manager[table]}"."{obj.column_name}"')
