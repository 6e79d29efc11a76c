"""Reads published feeds with Debian's python3-feedparser, another implementation.

/usr/bin/python3 feedparser-check.py X.json X.rss X.atom: the RSS and the Atom
must be well-formed and hold the items of the JSON Feed: the same ids, titles,
links and dates, in the same order.
"""
import datetime
import json
import sys

import feedparser


def instant(s):
    at = datetime.datetime.fromisoformat(s.replace("Z", "+00:00"))
    return at.astimezone(datetime.timezone.utc).timetuple()[:6]


with open(sys.argv[1], encoding="utf-8") as f:
    feed = json.load(f)
want = [(i["id"], i["title"], i.get("url"), instant(i["date_published"])) for i in feed["items"]]
if not want:
    sys.exit(f"{sys.argv[1]}: no items")
for name in sys.argv[2:]:
    with open(name, "rb") as f:
        d = feedparser.parse(f.read())
    if d.bozo:
        sys.exit(f"{name}: {d.bozo_exception}")
    if d.feed.title != feed["title"]:
        sys.exit(f"{name}: title {d.feed.title!r}, not {feed['title']!r}")
    got = [(e.id, e.title, e.get("link"), tuple(e.published_parsed[:6])) for e in d.entries]
    for i, (g, w) in enumerate(zip(got, want)):
        if g != w:
            sys.exit(f"{name}: item {i} is {g}, in JSON {w}")
    if len(got) != len(want):
        sys.exit(f"{name}: {len(got)} items, in JSON {len(want)}")
    print(f"{name}: {d.version}, the {len(got)} items of the JSON Feed")
