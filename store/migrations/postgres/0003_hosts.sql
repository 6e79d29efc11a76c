-- What pages leave behind (BEHAVIOUR S-03, S-05, S-09, S-11, SC-1).

-- A host whose pages are read, by fetch.HostKey.
CREATE TABLE page_host (
	host         TEXT    NOT NULL PRIMARY KEY,
	held_until   BIGINT NOT NULL DEFAULT 0,
	next_page_at BIGINT NOT NULL DEFAULT 0,
	reason       TEXT    NOT NULL DEFAULT '',
	refusals     BIGINT NOT NULL DEFAULT 0,
	gap          BIGINT NOT NULL DEFAULT 0,
	day          BIGINT NOT NULL DEFAULT 0,
	today        BIGINT NOT NULL DEFAULT 0,
	used_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX page_host_next ON page_host (next_page_at) WHERE reason <> ''; -- PageHosts

-- robots.txt of a scheme, host and port.
CREATE TABLE robots (
	origin        TEXT    NOT NULL PRIMARY KEY,
	known         BIGINT NOT NULL DEFAULT 0,
	etag          BYTEA   NOT NULL DEFAULT '',
	last_modified BYTEA   NOT NULL DEFAULT '',
	good_until    BIGINT NOT NULL DEFAULT 0,
	retry_at      BIGINT NOT NULL DEFAULT 0,
	failing_since BIGINT NOT NULL DEFAULT 0,
	used_at       BIGINT NOT NULL DEFAULT 0,
	rules         TEXT    NOT NULL DEFAULT ''
);

ALTER TABLE article ADD COLUMN etag BYTEA NOT NULL DEFAULT '';
ALTER TABLE article ADD COLUMN last_modified BYTEA NOT NULL DEFAULT '';
ALTER TABLE article ADD COLUMN not_before BIGINT NOT NULL DEFAULT 0;
ALTER TABLE article ADD COLUMN item_hash TEXT NOT NULL DEFAULT '';
UPDATE article SET item_hash = COALESCE((SELECT content_hash FROM item WHERE id = item_id), '');
