"""Write the next migration: what the models declare and the migrated database does not have yet.

Read it before it is committed: a rename shows as one column added and one dropped, data steps are written by hand, and
what a model cannot declare (a full-text table) is copied by hand from the module that owns it.
"""

import re
import sys
import tempfile
from pathlib import Path

from playhouse.migrations import template
from playhouse.schema_diff import diff_models

from cptsapp import create_app
from cptsapp.kernel import db


def checks(model) -> list[str]:
    """Return the CHECK clauses of a model, those of its fields included, without the word CHECK."""
    declared = [*(model._meta.constraints or ())]
    for field in model._meta.sorted_fields:
        declared += field.constraints or ()
    return [re.sub(r"^CHECK \((.*)\)$", r"\1", each.sql, flags=re.S) for each in declared]


def with_checks(text: str, models) -> str:
    """Add to the generated classes the constraints that the generator leaves out."""
    for model in models:
        clauses = "".join(f"                Check({clause!r}),\n" for clause in checks(model))
        if clauses:
            name = f"            table_name = '{model._meta.table_name}'\n"
            text = text.replace(name, f"{name}            constraints = [\n{clauses}            ]\n", 1)
    return text


def main(name: str):
    with tempfile.TemporaryDirectory() as folder:
        create_app(Path(folder), secret_key="x" * 40)
        with db.connection():
            db.runner().up()
            diff = diff_models(db.db.obj, db.tables())
            if not diff:
                print("the models and the migrations agree")
                return
            # Defaults that Python computes are no part of the schema.
            text = re.sub(r"# TODO: \w+: default .* must be added by hand\n", "", template(diff))
            # Index names follow the table's name, as the base class of the models has it.
            text = re.sub(r"( +)(table_name = .*\n)", r"\1\2\1legacy_table_names = False\n", text)
            print(db.runner().create(name, with_checks(text, diff.create_tables)))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "change")
