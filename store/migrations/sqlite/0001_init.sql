-- Instants are unix seconds UTC, 0 for none; durations are seconds; lists are
-- JSON arrays, empty text for none.

CREATE TABLE meta (
	key   TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
	id                INTEGER PRIMARY KEY AUTOINCREMENT,
	lease_until       INTEGER NOT NULL DEFAULT 0,
	fence             INTEGER NOT NULL DEFAULT 0,
	sweep             INTEGER NOT NULL DEFAULT 0,
	removed_at        INTEGER NOT NULL DEFAULT 0,
	next_poll_at      INTEGER NOT NULL DEFAULT 0,
	state             TEXT    NOT NULL DEFAULT 'active',
	host              TEXT    NOT NULL DEFAULT '',
	url               TEXT    NOT NULL,
	outlet            TEXT    NOT NULL DEFAULT '',
	language          TEXT    NOT NULL DEFAULT '',
	tags              TEXT    NOT NULL DEFAULT '',
	enrich            TEXT    NOT NULL DEFAULT '',
	publish           TEXT    NOT NULL DEFAULT '',
	poll_interval     INTEGER NOT NULL DEFAULT 0,
	selector          TEXT    NOT NULL DEFAULT '',
	declared          TEXT    NOT NULL DEFAULT 'database',
	origin_url        TEXT    NOT NULL DEFAULT '',
	title             TEXT    NOT NULL DEFAULT '',
	site_url          TEXT    NOT NULL DEFAULT '',
	declared_language TEXT    NOT NULL DEFAULT '',
	created_at        INTEGER NOT NULL DEFAULT 0,
	etag              BLOB    NOT NULL DEFAULT x'',
	last_modified     BLOB    NOT NULL DEFAULT x'',
	body_hash         TEXT    NOT NULL DEFAULT '',
	last_poll_at      INTEGER NOT NULL DEFAULT 0,
	last_success_at   INTEGER NOT NULL DEFAULT 0,
	next_poll_reason  TEXT    NOT NULL DEFAULT '',
	last_status       INTEGER NOT NULL DEFAULT 0,
	last_error        TEXT    NOT NULL DEFAULT '',
	failures          INTEGER NOT NULL DEFAULT 0,
	failing_since     INTEGER NOT NULL DEFAULT 0,
	same_bodies       INTEGER NOT NULL DEFAULT 0,
	gone_at           INTEGER NOT NULL DEFAULT 0,
	moved_to          TEXT    NOT NULL DEFAULT '',
	moved_since       INTEGER NOT NULL DEFAULT 0,
	moved_polls       INTEGER NOT NULL DEFAULT 0,
	median_gap        INTEGER NOT NULL DEFAULT 0,
	newest_item_at    INTEGER NOT NULL DEFAULT 0,
	max_age           INTEGER NOT NULL DEFAULT 0,
	ttl               INTEGER NOT NULL DEFAULT 0,
	skip_hours        INTEGER NOT NULL DEFAULT 0,
	skip_days         INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX feed_url ON feed (url);
CREATE INDEX feed_origin ON feed (origin_url) WHERE origin_url <> ''; -- a feed that moved, by the URL subscribed
CREATE INDEX feed_due ON feed (next_poll_at, id); -- ClaimDueFeeds, NextDueAt

-- The hashes of all items in a feed's document as last read, 8 bytes each.
CREATE TABLE feed_blocks (
	feed_id INTEGER NOT NULL PRIMARY KEY,
	hashes  BLOB    NOT NULL
) STRICT;

CREATE TABLE host_pause (
	host         TEXT    NOT NULL PRIMARY KEY,
	paused_until INTEGER NOT NULL,
	reason       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- An item as its feed carries it: inserted once, rewritten only when its
-- content changes. What happens to it lives in the narrow tables below.
CREATE TABLE item (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	feed_id       INTEGER NOT NULL,
	guid_hash     INTEGER NOT NULL,
	first_seen    INTEGER NOT NULL,
	published_at  INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	block_hash    INTEGER NOT NULL,
	backfill      INTEGER NOT NULL,
	content_hash  TEXT    NOT NULL,
	guid          TEXT    NOT NULL,
	url           TEXT    NOT NULL,
	canonical_url TEXT    NOT NULL,
	title         TEXT    NOT NULL,
	summary       TEXT    NOT NULL,
	authors       TEXT    NOT NULL,
	categories    TEXT    NOT NULL,
	language      TEXT    NOT NULL,
	image_url     TEXT    NOT NULL,
	enclosures    TEXT    NOT NULL,
	source_url    TEXT    NOT NULL,
	source_title  TEXT    NOT NULL,
	content       TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX item_guid ON item (feed_id, guid_hash); -- RecordPoll, counts by feed

-- Items that were pruned, so that a replay does not bring them back.
CREATE TABLE tombstone (
	feed_id   INTEGER NOT NULL,
	guid_hash INTEGER NOT NULL,
	pruned_at INTEGER NOT NULL,
	PRIMARY KEY (feed_id, guid_hash)
) STRICT, WITHOUT ROWID;

-- What an item waits for; an item without a row is done.
CREATE TABLE work (
	item_id     INTEGER PRIMARY KEY,
	stage       TEXT    NOT NULL,
	run_at      INTEGER NOT NULL,
	lease_until INTEGER NOT NULL DEFAULT 0,
	fence       INTEGER NOT NULL DEFAULT 0,
	attempts    INTEGER NOT NULL DEFAULT 0,
	last_error  TEXT    NOT NULL DEFAULT '',
	host        TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX work_due ON work (stage, run_at, item_id); -- ClaimWork

CREATE TABLE article (
	item_id       INTEGER PRIMARY KEY,
	url           TEXT    NOT NULL,
	status        TEXT    NOT NULL,
	note          TEXT    NOT NULL,
	title         TEXT    NOT NULL,
	summary       TEXT    NOT NULL,
	image_url     TEXT    NOT NULL,
	authors       TEXT    NOT NULL,
	published_at  INTEGER NOT NULL,
	modified_at   INTEGER NOT NULL,
	fetched_at    INTEGER NOT NULL,
	language      TEXT    NOT NULL,
	canonical_url TEXT    NOT NULL,
	site_name     TEXT    NOT NULL,
	paywalled     INTEGER NOT NULL,
	no_snippet    INTEGER NOT NULL,
	body          TEXT    NOT NULL
) STRICT;

-- A story has the id of the item that founded it.
CREATE TABLE story (
	id         INTEGER PRIMARY KEY,
	public_id  TEXT    NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX story_public_id ON story (public_id) WHERE public_id <> '';

-- The ids of published stories that were folded into others.
CREATE TABLE story_alias (
	public_id TEXT   NOT NULL PRIMARY KEY,
	story_id  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX story_alias_story ON story_alias (story_id); -- further folds

-- Which story an item is in, why, and the language it was matched in.
CREATE TABLE filed (
	item_id  INTEGER PRIMARY KEY,
	story_id INTEGER NOT NULL,
	to_item  INTEGER NOT NULL DEFAULT 0,
	language TEXT    NOT NULL DEFAULT '',
	reason   TEXT    NOT NULL DEFAULT '',
	strength REAL    NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX filed_story ON filed (story_id, item_id); -- items of a story

-- Keys are filed in generations, so that a batch of keys, which are spread
-- evenly, lands on few pages. A generation that is full gets a Bloom filter of
-- its hashes, by which nearly all look-ups are spared.
CREATE TABLE key_generation (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	keys     INTEGER NOT NULL DEFAULT 0,
	first_at INTEGER NOT NULL,
	last_at  INTEGER NOT NULL,
	sealed   INTEGER NOT NULL DEFAULT 0,
	filter   BLOB    NOT NULL DEFAULT x''
) STRICT;

CREATE TABLE story_key (
	generation INTEGER NOT NULL,
	hash       INTEGER NOT NULL,
	item_id    INTEGER NOT NULL,
	exact      INTEGER NOT NULL,
	PRIMARY KEY (generation, hash, item_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE topic (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	slug        TEXT    NOT NULL,
	title       TEXT    NOT NULL DEFAULT '',
	description TEXT    NOT NULL DEFAULT '',
	query       TEXT    NOT NULL DEFAULT '',
	languages   TEXT    NOT NULL DEFAULT '',
	feeds       TEXT    NOT NULL DEFAULT '',
	tags        TEXT    NOT NULL DEFAULT '',
	threshold   REAL    NOT NULL DEFAULT 0,
	entry_limit INTEGER NOT NULL DEFAULT 0,
	max_age     INTEGER NOT NULL DEFAULT 0,
	publish     TEXT    NOT NULL DEFAULT '',
	private     INTEGER NOT NULL DEFAULT 0,
	token       TEXT    NOT NULL DEFAULT '',
	since       INTEGER NOT NULL DEFAULT 0,
	declared    TEXT    NOT NULL DEFAULT 'database',
	created_at  INTEGER NOT NULL DEFAULT 0,
	revision    INTEGER NOT NULL DEFAULT 1, -- grows with the topic and its entries
	query_rev   INTEGER NOT NULL DEFAULT 1, -- the revision that last changed what it matches
	changed_at  INTEGER NOT NULL DEFAULT 0,
	pending     INTEGER NOT NULL DEFAULT 1,
	removed_at  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX topic_slug ON topic (slug);
CREATE UNIQUE INDEX topic_token ON topic (token) WHERE token <> '';

CREATE TABLE match (
	topic_id  INTEGER NOT NULL,
	item_id   INTEGER NOT NULL,
	score     REAL    NOT NULL,
	threshold REAL    NOT NULL,
	at        INTEGER NOT NULL,
	backfill  INTEGER NOT NULL,
	evidence  TEXT    NOT NULL,
	PRIMARY KEY (item_id, topic_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
	topic_id     INTEGER NOT NULL,
	story_id     INTEGER NOT NULL,
	public_id    TEXT    NOT NULL,
	published_at INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	backfill     INTEGER NOT NULL,
	best_item    INTEGER NOT NULL,
	fingerprint  TEXT    NOT NULL, -- of what a reader would call changed
	digest       TEXT    NOT NULL, -- of all that is rendered from it
	PRIMARY KEY (story_id, topic_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_newest ON entry (topic_id, published_at DESC, public_id); -- Entries
