-- What a feed's polls leave behind besides (BEHAVIOUR F-04, F-07, F-23, F-31, F-39, F-50, F-63).
ALTER TABLE feed ADD COLUMN steady BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN validators_url TEXT NOT NULL DEFAULT '';
ALTER TABLE feed ADD COLUMN parser BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN plain_body BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN document_id TEXT NOT NULL DEFAULT '';
ALTER TABLE feed ADD COLUMN moved_known BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN duplicate_of TEXT NOT NULL DEFAULT '';
ALTER TABLE feed ADD COLUMN item_times BYTEA NOT NULL DEFAULT '';
ALTER TABLE feed ADD COLUMN pushed_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN link_identity BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN regenerated BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN whole_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN away_since BIGINT NOT NULL DEFAULT 0;
UPDATE feed SET parser = 1 WHERE body_hash <> '';
UPDATE feed SET whole_at = last_success_at;
UPDATE feed SET steady = 1 WHERE failures = 0 AND last_success_at > 0;
DROP INDEX feed_due;
CREATE INDEX feed_due ON feed (steady, next_poll_at, id); -- ClaimDueFeeds, NextDueAt
CREATE INDEX feed_overloaded ON feed (host, last_poll_at) WHERE last_status = 503; -- RecordPoll: do others of the host fail too?
CREATE INDEX feed_host ON feed (host); -- ClaimDueFeeds for one host, CrowdedHosts
