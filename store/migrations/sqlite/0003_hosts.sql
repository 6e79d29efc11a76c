-- What pages leave behind (BEHAVIOUR S-03, S-05, S-09, S-11, SC-1).

-- A host whose pages are read, by fetch.HostKey.
CREATE TABLE page_host (
	host         TEXT    NOT NULL PRIMARY KEY,
	held_until   INTEGER NOT NULL DEFAULT 0,
	next_page_at INTEGER NOT NULL DEFAULT 0,
	reason       TEXT    NOT NULL DEFAULT '',
	refusals     INTEGER NOT NULL DEFAULT 0,
	gap          INTEGER NOT NULL DEFAULT 0,
	day          INTEGER NOT NULL DEFAULT 0,
	today        INTEGER NOT NULL DEFAULT 0,
	used_at      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX page_host_next ON page_host (next_page_at) WHERE reason <> ''; -- PageHosts

-- robots.txt of a scheme, host and port.
CREATE TABLE robots (
	origin        TEXT    NOT NULL PRIMARY KEY,
	known         INTEGER NOT NULL DEFAULT 0,
	etag          BLOB    NOT NULL DEFAULT x'',
	last_modified BLOB    NOT NULL DEFAULT x'',
	good_until    INTEGER NOT NULL DEFAULT 0,
	retry_at      INTEGER NOT NULL DEFAULT 0,
	failing_since INTEGER NOT NULL DEFAULT 0,
	used_at       INTEGER NOT NULL DEFAULT 0,
	rules         TEXT    NOT NULL DEFAULT ''
) STRICT;

ALTER TABLE article ADD COLUMN etag BLOB NOT NULL DEFAULT x'';
ALTER TABLE article ADD COLUMN last_modified BLOB NOT NULL DEFAULT x'';
ALTER TABLE article ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE article ADD COLUMN item_hash TEXT NOT NULL DEFAULT '';
UPDATE article SET item_hash = COALESCE((SELECT content_hash FROM item WHERE id = item_id), '');
