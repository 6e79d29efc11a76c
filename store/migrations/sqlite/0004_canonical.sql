-- How many items' pages name an address as their own (BEHAVIOUR S-10). Those
-- read before are not written as keys, and are counted when read again.
CREATE INDEX article_canonical ON article (canonical_url) WHERE canonical_url <> ''; -- RecordProcessed
