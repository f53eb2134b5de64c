"""The rows of a long list: named tuples of the columns of several tables, read a page at a time without peewee's care.

    SHOWN = FlatRows(Person.id, Person.name, Membership.started_on, commune_name=Commune.name)
    SHOWN.read(db.execute(SHOWN.of(Person).join(…).where(…)))

peewee declares a class and looks its columns up at each reading. Here both are done once; texts and numbers stay as the
database gives them, and only what it stores otherwise than Python (dates, moments, yes and no) is converted.
"""

from collections import namedtuple
from collections.abc import Iterable, Iterator

from peewee import CharField, ForeignKeyField, IntegerField, TextField

AS_STORED = (CharField, TextField, IntegerField, ForeignKeyField)


class FlatRows:
    """What is read of a query: columns, under their own names or, given by name, under that one."""

    def __init__(self, *columns, **named):
        self.columns = (*columns, *(column.alias(name) for name, column in named.items()))
        fields = (*columns, *named.values())
        self._row = namedtuple("Row", [*(column.name for column in columns), *named])
        self._convert = [(at, each.python_value) for at, each in enumerate(fields) if not isinstance(each, AS_STORED)]

    def of(self, model):
        """Return the query of these columns that starts at a table."""
        return model.select(*self.columns)

    def read(self, rows: Iterable[tuple]) -> Iterator[tuple]:
        """Yield the rows that a cursor gives, as they come: an export does not hold them all."""
        return map(self._named, rows)

    def _named(self, row):
        values = list(row)
        for at, convert in self._convert:
            if values[at] is not None:
                values[at] = convert(values[at])
        return self._row._make(values)
