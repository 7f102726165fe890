"""Records and evidence: what is remembered, and the files it rests on.

``tables``     the tables, typed, for SQLite (STRICT) and PostgreSQL
``database``   one writing connection, read-only readers, the schema's version
``evidence``   files named by the SHA-256 of their content, durable before any row names them
``masters``    a master as arrays (.npz) and JSON, its digest verified when it is read
``records``    benches, golden samples and lots; nothing above this room speaks SQL
``inspections`` units, findings and reviews
``nonconformities`` complaints and what happened to them
``reviewed``   what reviewers said of findings, and the thresholds that follow
``audit``      every row held against every file and against the ledger
``ledger``     every record enters a signed hash chain; ``ledger_audit`` walks it, ``proofs`` shows a stretch of it
``keys``       the station's key, keys of others, the newest head outside the database
``golden_events`` what people said of golden samples
``sign_offs``  artefacts, sign-offs, acknowledgements
``package_file`` the one form of a package's archive
``durable``    files written whole or not at all
``migrations`` Alembic revisions, run from here
"""
