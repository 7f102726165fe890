"""Records and evidence: what is remembered, and the files it rests on.

``tables``     the tables, typed, for SQLite (STRICT) and PostgreSQL
``database``   one writing connection, read-only readers, the schema's version
``evidence``   files named by the SHA-256 of their content, durable before any row names them
``masters``    a master as arrays (.npz) and JSON, its digest verified when it is read
``records``    benches, golden samples and lots; nothing above this room speaks SQL
``inspections`` units, findings and reviews
``nonconformities`` complaints and what happened to them
``reviewed``   what reviewers said of findings, and the thresholds that follow
``audit``      every row held against every file
``migrations`` Alembic revisions, run from here
"""
