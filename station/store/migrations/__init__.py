"""Alembic revisions of the tables, run by ``station.store.database``."""
