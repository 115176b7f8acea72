-- The format 2 of the ledger. Times are milliseconds since 1970, paths are bytes.

-- The name of the hash, and the fingerprints of the additional files of templates that were rolled back: 'outputs' with
-- the path of the destination in hexadecimal digits.
CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Each content once, as long as a generation has it.
CREATE TABLE contents (
    hash BLOB NOT NULL PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- The generation that is in the file, and the one that the last successful command has loaded. Both are NULL before the
-- first write, and after a rollback that has removed the file.
CREATE TABLE destinations (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    written INTEGER,
    applied INTEGER
) STRICT;

-- The last contents of each destination.
CREATE TABLE generations (
    id INTEGER PRIMARY KEY,
    destination INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    size INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    at INTEGER NOT NULL,
    group_name TEXT NOT NULL,
    mode INTEGER,
    uid INTEGER,
    gid INTEGER,
    UNIQUE (destination, number)
) STRICT;
CREATE INDEX generations_by_hash ON generations (hash);

-- The transactions that have begun and are not finished. If `swapped` is 1, all files are in place,
-- and the command is owed.
CREATE TABLE intents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_name TEXT NOT NULL,
    command TEXT,
    at INTEGER NOT NULL,
    swapped INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The files of each intent. `old` is the hash before the swap.
CREATE TABLE intent_files (
    intent INTEGER NOT NULL,
    destination INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    staged BLOB,
    old BLOB,
    PRIMARY KEY (intent, destination)
) STRICT, WITHOUT ROWID;

-- The destinations that keep a generation, whatever their templates render.
CREATE TABLE holds (
    destination INTEGER NOT NULL PRIMARY KEY,
    generation INTEGER NOT NULL,
    until INTEGER,
    since INTEGER NOT NULL
) STRICT;

-- The changes that are above the change budget of their destination. `content` is the hash of the new content.
CREATE TABLE parked (
    destination INTEGER NOT NULL PRIMARY KEY,
    content BLOB NOT NULL,
    removed INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    since INTEGER NOT NULL,
    approved INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The requests of the command line: `hold` has a generation, `approve` the hash of a parked content, `release` neither.
-- `succeeded` is 0 without an `answer` while the daemon carries a request out.
CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination INTEGER NOT NULL,
    kind TEXT NOT NULL,
    generation INTEGER,
    content BLOB,
    until INTEGER,
    at INTEGER NOT NULL,
    succeeded INTEGER,
    answer TEXT
) STRICT;
