"""Reads published feeds with Debian's python3-feedparser, another implementation.

/usr/bin/python3 feedparser-check.py X.json X.rss X.atom [Y.json Y.rss Y.atom …]:
the RSS and the Atom must be well-formed and hold the items of the JSON Feed
before them, in the same order: the same ids, titles, links, dates, authors,
categories, languages, files and sources.
/usr/bin/python3 feedparser-check.py --dir DIR: all that are in DIR.
"""
import datetime
import json
import pathlib
import re
import sys

import feedparser

# What it makes of HTML is its own affair: we look at the facts.
feedparser.api.SANITIZE_HTML = False
feedparser.api.RESOLVE_RELATIVE_URIS = False


def instant(s):
    at = datetime.datetime.fromisoformat(s.replace("Z", "+00:00"))
    return tuple(at.astimezone(datetime.timezone.utc).timetuple()[:6])


def address(s):
    """It takes what looks like an entity in an address for one, and loses its semicolon."""
    return s and re.sub(r"&(#?\w+);", r"&\1", s)


def published(feed):
    for i in feed["items"]:
        source = i["_topicwire"].get("source")
        files = i.get("attachments", [])
        yield {
            "id": i["id"], "title": i["title"], "link": address(i.get("url")),
            "published": instant(i["date_published"]), "updated": instant(i["date_modified"]),
            "authors": [a["name"] for a in i["authors"]], "categories": i.get("tags", []),
            "language": i.get("language"),
            "files": sorted((f["url"], f["mime_type"], f.get("size_in_bytes", 0)) for f in files),
            "image": i.get("image"),
            "source": source and (source["title"], source["feed_url"]),
        }


def read(e, rss):
    files = [(f.get("href"), f.get("type"), int(f.get("length") or 0)) for f in e.get("enclosures", [])]
    if rss:  # of the others than the first, Media RSS tells
        files += [(m["url"], m["type"], int(m.get("filesize") or 0)) for m in e.get("media_content", []) if "type" in m]
    images = [m["url"] for m in e.get("media_content", []) if m.get("medium") == "image"]
    source = e.get("source")
    if source:
        href = source.get("href") or next((l["href"] for l in source.get("links", []) if l["rel"] == "self"), None)
        source = (source.get("title") or source.get("value"), href)
    return {
        "id": e.id, "title": e.title, "link": address(e.get("link")),
        "published": tuple(e.published_parsed[:6]), "updated": tuple(e.updated_parsed[:6]),
        "authors": [a["name"] for a in e.get("authors", [])], "categories": [t["term"] for t in e.get("tags", [])],
        "language": e.get("language" if rss else "_lang"), "files": sorted(files), "image": images[0] if images else None, "source": source,
    }


def check(reference, others, empty):
    feed = json.loads(pathlib.Path(reference).read_text(encoding="utf-8"))
    want = list(published(feed))
    if not want and not empty:
        sys.exit(f"{reference}: no items")
    for name in others:
        d = feedparser.parse(pathlib.Path(name).read_bytes())
        rss = d.version.startswith("rss")
        if d.bozo:
            sys.exit(f"{name}: {d.bozo_exception}")
        if d.feed.title != feed["title"]:
            sys.exit(f"{name}: title {d.feed.title!r}, not {feed['title']!r}")
        links = {(l["rel"], l["href"]) for l in d.feed.links}
        if not any(rel == "self" for rel, _ in links):
            sys.exit(f"{name}: no self link among {links}")
        for key, rel in (("next_url", "prev-archive"), ("next_url", "next")):
            if (key in feed) != any(r == rel for r, _ in links):
                sys.exit(f"{name}: {rel} among {links}, in JSON {feed.get(key)}")
        for i, (e, w) in enumerate(zip(d.entries, want)):
            g = read(e, rss)
            if not rss:  # it tells the language of a title, inherited from the entry
                g["language"] = e.title_detail.language if w["language"] else None
            if len(g["authors"]) == len(w["authors"]):  # it cuts addresses of mail out of names
                g["authors"] = [b if "@" in b else a for a, b in zip(g["authors"], w["authors"])]
            if g != w:
                sys.exit(f"{name}: item {i}:\n" + "\n".join(f"  {k}: {g[k]!r}, in JSON {w[k]!r}" for k in w if g[k] != w[k]))
        if len(d.entries) != len(want):
            sys.exit(f"{name}: {len(d.entries)} items, in JSON {len(want)}")
    return len(want)


if sys.argv[1] == "--dir":
    names = sorted(pathlib.Path(sys.argv[2]).glob("*.json"))
    total = sum(check(n, [n.with_suffix(".rss"), n.with_suffix(".atom")], True) for n in names)
    if not total:
        sys.exit(f"{sys.argv[2]}: no items")
    print(f"{len(names)} feeds of {total} items: the same in RSS, Atom and JSON")
else:
    for k in range(1, len(sys.argv), 3):
        n = check(sys.argv[k], sys.argv[k + 1:k + 3], False)
        print(f"{sys.argv[k]}: its {n} items are in {' and '.join(sys.argv[k + 1:k + 3])}")
