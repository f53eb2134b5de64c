"""Another program that holds the database: it says « held », and lets go when its standard input closes.

usage: lock_holder.py ADDRESS write|read
"""

import sys

ADDRESS, HOW = sys.argv[1], sys.argv[2]
TABLE = "contact_message"

if ADDRESS.startswith("sqlite"):
    from peewee import sqlite3  # the library that the product uses: all that open the file must

    link = sqlite3.connect(ADDRESS.removeprefix("sqlite:///"), isolation_level=None)
    link.execute("BEGIN IMMEDIATE" if HOW == "write" else "BEGIN")
    link.execute(f"SELECT COUNT(*) FROM {TABLE}").fetchone()
else:
    import psycopg

    link = psycopg.connect(ADDRESS)
    link.execute(f"LOCK TABLE {TABLE} IN {'EXCLUSIVE' if HOW == 'write' else 'ACCESS SHARE'} MODE")
print("held", flush=True)
sys.stdin.read()
