//! The tables, and how an older file becomes a newer one.

use rusqlite::{Connection, TransactionBehavior};

/// Step N of this list brings a file from `user_version` N to N+1. Steps are never changed once
/// published; a new one is added at the end.
const STEPS: &[&str] = &[
    "
    CREATE TABLE operation (
        id TEXT PRIMARY KEY,
        runtime TEXT NOT NULL, -- id of the runtime or environment that it worked on
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        final INTEGER NOT NULL,
        started INTEGER NOT NULL, -- microseconds since 1970
        document TEXT NOT NULL    -- the whole operation, JSON
    ) STRICT;
    CREATE INDEX operation_of_runtime ON operation (runtime, started DESC);
    CREATE INDEX operation_by_start ON operation (started DESC);
    CREATE INDEX operation_unfinished ON operation (started) WHERE final = 0;

    CREATE TABLE version_check (
        runtime TEXT PRIMARY KEY,
        document TEXT NOT NULL,
        checked TEXT NOT NULL
    ) STRICT;

    CREATE TABLE skipped_version (
        runtime TEXT NOT NULL,
        version TEXT NOT NULL,
        PRIMARY KEY (runtime, version)
    ) STRICT;

    CREATE TABLE snoozed_version (
        runtime TEXT PRIMARY KEY,
        version TEXT NOT NULL,
        until TEXT NOT NULL
    ) STRICT;

    CREATE TABLE bad_digest (
        digest TEXT PRIMARY KEY,
        why TEXT NOT NULL,
        seen TEXT NOT NULL
    ) STRICT;

    CREATE TABLE setting (
        key TEXT PRIMARY KEY,
        document TEXT NOT NULL
    ) STRICT;

    -- Account names only; the secret is in the keyring.
    CREATE TABLE registry_login (
        registry TEXT PRIMARY KEY,
        username TEXT NOT NULL
    ) STRICT;
",
    "
    -- What a create was asked for, until nothing of it has to be remembered any more.
    CREATE TABLE begun_create (
        operation TEXT PRIMARY KEY,
        process TEXT NOT NULL,  -- who works on it, JSON
        request TEXT NOT NULL,  -- without the values of variables, JSON
        pulling TEXT            -- the image that it began to pull
    ) STRICT;
",
    "
    CREATE TABLE series (
        id TEXT PRIMARY KEY,
        final INTEGER NOT NULL,
        started INTEGER NOT NULL, -- microseconds since 1970
        document TEXT NOT NULL    -- the whole series, JSON
    ) STRICT;
    CREATE INDEX series_by_start ON series (started DESC);
",
    "
    -- What a person wrote since the container was made, whose label cannot change.
    CREATE TABLE description (
        runtime TEXT PRIMARY KEY,
        words TEXT NOT NULL,
        label_words TEXT NOT NULL -- what the label said when this was written
    ) STRICT;
",
    "
    CREATE TABLE environment_version (
        environment TEXT NOT NULL,
        number INTEGER NOT NULL,
        document TEXT NOT NULL, -- the whole version, JSON
        PRIMARY KEY (environment, number)
    ) STRICT;

    -- Images without a name that builds left on an engine.
    CREATE TABLE built_layer (
        compute TEXT NOT NULL,
        image TEXT NOT NULL, -- its id, perhaps shortened
        PRIMARY KEY (compute, image)
    ) STRICT;
",
    "
    -- What flows connect to. Their secrets are in the keyring.
    CREATE TABLE connection (
        name TEXT PRIMARY KEY,
        document TEXT NOT NULL -- the whole connection without its secrets, JSON
    ) STRICT;
",
    "
    CREATE TABLE flow (
        flow TEXT PRIMARY KEY,    -- path of its file
        opened INTEGER NOT NULL,  -- microseconds since 1970
        runtime TEXT,             -- the one that was chosen for it, and its name then
        runtime_name TEXT,
        inputs TEXT NOT NULL DEFAULT '{}' -- as typed last, JSON
    ) STRICT;

    CREATE TABLE flow_run (
        id TEXT PRIMARY KEY,
        flow TEXT NOT NULL,
        final INTEGER NOT NULL,
        started INTEGER NOT NULL, -- microseconds since 1970
        document TEXT NOT NULL,   -- the run without its values, JSON
        inputs TEXT NOT NULL,     -- what it was given, JSON
        answer TEXT,              -- the service's answer without known secrets, JSON
        log TEXT NOT NULL DEFAULT '',
        process TEXT NOT NULL     -- who runs it, JSON
    ) STRICT;
    CREATE INDEX flow_run_of_flow ON flow_run (flow, started DESC);
    CREATE INDEX flow_run_by_start ON flow_run (started DESC);
",
    "
    CREATE TABLE batch (
        id TEXT PRIMARY KEY,
        flow TEXT NOT NULL,
        final INTEGER NOT NULL,
        started INTEGER NOT NULL, -- microseconds since 1970
        document TEXT NOT NULL,   -- the batch run without its rows, JSON
        request TEXT NOT NULL,    -- what it needs to go on, without secrets, JSON
        process TEXT NOT NULL     -- who runs it, JSON
    ) STRICT;
    CREATE INDEX batch_of_flow ON batch (flow, started DESC);
    CREATE INDEX batch_by_start ON batch (started DESC);

    -- Rows that have ended. One that is not here has no result.
    CREATE TABLE batch_row (
        batch TEXT NOT NULL,
        number INTEGER NOT NULL,
        state TEXT NOT NULL,
        tries INTEGER NOT NULL,
        duration REAL,             -- seconds
        tokens INTEGER,
        bytes INTEGER NOT NULL,    -- of both texts below
        outcome BLOB NOT NULL,     -- names state and output: equal ones have the same
        document TEXT NOT NULL,    -- the whole row without known secrets, JSON
        aggregation TEXT NOT NULL, -- what nodes get of it that run over all rows, JSON
        PRIMARY KEY (batch, number)
    ) STRICT;
    -- Holds what is asked of all rows at once, so that their texts need not be read.
    CREATE INDEX batch_row_by_state
        ON batch_row (batch, state, number, duration, bytes, outcome);
",
    "
    -- What it was begun with, without secrets, JSON; null = it is not known.
    ALTER TABLE flow_run ADD COLUMN request TEXT;

    -- What each node did in a row that ended, see domain::batch::node_list. Apart from the rows, so that all
    -- of them can be added up without reading those.
    CREATE TABLE batch_row_nodes (
        batch TEXT NOT NULL,
        number INTEGER NOT NULL,
        nodes TEXT NOT NULL,
        PRIMARY KEY (batch, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER batch_row_gone AFTER DELETE ON batch_row BEGIN
        DELETE FROM batch_row_nodes WHERE batch = OLD.batch AND number = OLD.number;
    END;
",
];

/// The schema that this version of the application reads and writes.
pub(crate) fn current() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// The schema of an open file; 0 = a new one.
pub(crate) fn of(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings a file up to date, all steps or none.
pub(crate) fn bring_up_to_date(connection: &mut Connection) -> rusqlite::Result<()> {
    if of(connection)? == current() {
        return Ok(());
    }
    // Another process may do the same at this moment: the write lock first, then look again.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = usize::try_from(of(&transaction)?).unwrap_or(0);
    for step in STEPS.iter().skip(from) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", current())?;
    transaction.commit()
}

/// Makes a new file as a version of the application left it that knew so many steps.
#[cfg(test)]
pub(crate) fn as_of_before(connection: &Connection, steps: usize) -> rusqlite::Result<()> {
    for step in &STEPS[..steps] {
        connection.execute_batch(step)?;
    }
    connection.pragma_update(None, "user_version", i64::try_from(steps).unwrap_or(0))
}
