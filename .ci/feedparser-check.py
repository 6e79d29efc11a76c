"""Reads published feeds with Debian's python3-feedparser, another implementation.

python3 .ci/feedparser-check.py A.rss A.atom: each must be well-formed, and all
must hold the same items: ids, titles, links, dates.
"""
import sys

import feedparser

seen = {}
for name in sys.argv[1:]:
    with open(name, "rb") as f:
        d = feedparser.parse(f.read())
    if d.bozo:
        sys.exit(f"{name}: {d.bozo_exception}")
    seen[name] = [(e.id, e.title, e.link, e.published_parsed) for e in d.entries]
    print(f"{name}: {d.version}, {len(d.entries)} entries")
lists = list(seen.values())
if any(items != lists[0] for items in lists):
    sys.exit(f"not the same items: {seen}")
