"""Alembic's environment: the connection comes from ``station.store.database``, never from an ini file."""

from __future__ import annotations

from alembic import context

from station.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
