"""Writes cases.jsonl.gz: feeds made by hand, one for each way to say something,
and what the Universal Feed Parser reads in them. See README.md.

Usage: /usr/bin/python3 make.py (Debian's python3-feedparser)
"""
import base64
import gzip
import codecs
import json
import time
import calendar
import html.entities

import feedparser

CASES = {}


def add(name, body, **headers):
    if isinstance(body, str):
        for p, uri in SPACES:  # those that are not used
            if p + ":" not in body.replace("xmlns:" + p, ""):
                body = body.replace(' xmlns:%s="%s"' % (p, uri), "", 1)
        body = body.encode("utf-8")
    name = name.strip()
    while name in CASES:
        name += "+"
    CASES[name] = (body, {k.replace("_", "-"): v for k, v in headers.items()})


SPACES = (
    ("content", "http://purl.org/rss/1.0/modules/content/"), ("media", "http://search.yahoo.com/mrss/"),
    ("dc", "http://purl.org/dc/elements/1.1/"), ("dcterms", "http://purl.org/dc/terms/"),
    ("itunes", "http://www.itunes.com/DTDs/PodCast-1.0.dtd"), ("atom", "http://www.w3.org/2005/Atom"),
    ("sy", "http://purl.org/rss/1.0/modules/syndication/"), ("xhtml", "http://www.w3.org/1999/xhtml"),
    ("wfw", "http://wellformedweb.org/CommentAPI/"), ("admin", "http://webns.net/mvcb/"),
    ("cc", "http://web.resource.org/cc/"), ("creativeCommons", "http://backend.userland.com/creativeCommonsRssModule"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"), ("thr", "http://purl.org/syndication/thread/1.0"),
    ("slash", "http://purl.org/rss/1.0/modules/slash/"), ("feedburner", "http://rssnamespace.org/feedburner/ext/1.0"),
    ("geo", "http://www.w3.org/2003/01/geo/wgs84_pos#"), ("georss", "http://www.georss.org/georss"))
NS = "".join(' xmlns:%s="%s"' % x for x in SPACES)
NS1 = NS.replace(' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"', "")


def rss(x, attrs=""):
    return '<rss version="2.0"%s%s><channel>%s</channel></rss>' % (NS, attrs, x)


def item(x):
    return rss("<item>%s</item>" % x)


def atom(x, attrs=""):
    return '<feed xmlns="http://www.w3.org/2005/Atom"%s %s>%s</feed>' % (NS, attrs, x)


def atom3(x, attrs=""):
    return '<feed version="0.3" xmlns="http://purl.org/atom/ns#"%s %s>%s</feed>' % (NS, attrs, x)


def rdf(channel, items=""):
    return ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"%s>'
            '<channel rdf:about="http://example.com/c">%s</channel>%s</rdf:RDF>' % (NS1, channel, items))


D = "Thu, 01 Jan 2004 19:48:21 GMT"
W = "2004-01-01T19:48:21Z"
BASE = "http://example.com/dir/feed.xml"

exec(open("cases_elements.py").read())
exec(open("cases_text.py").read())
exec(open("cases_bytes.py").read())


def when(parsed):
    if not parsed:
        return None
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(calendar.timegm(parsed)))
    except ValueError:
        return None


def pick(d, *pairs):
    out = {}
    for ours, theirs in pairs:
        if d.get(theirs):
            out[ours] = str(d.get(theirs))
    return out


def person(d):
    return pick(d, ("name", "name"), ("email", "email"), ("url", "href"))


def link(d, rel=True):
    return pick(d, ("url", "href"), ("type", "type"), ("length", "length"), ("title", "title"), *([("rel", "rel")] if rel else []))


def common(d):
    out = pick(d, ("id", "id"), ("title", "title"), ("link", "link"), ("rights", "rights"))
    for k in ("published", "updated"):
        raw, t = dict.get(d, k), when(dict.get(d, k + "_parsed"))
        if raw:
            out[k + "_raw"] = raw
        if t:
            out[k] = t
    out["authors"] = [p for p in map(person, d.get("authors", [])) if p]
    out["tags"] = [pick(t, ("term", "term"), ("scheme", "scheme"), ("label", "label")) for t in d.get("tags", [])]
    out["links"] = [link(x) for x in d.get("links", [])]
    return out


def entry(e):
    out = common(e)
    if "summary" in e:
        out["summary"] = e.summary
    out["content"] = [{"value": c.value, "type": c.type} for c in e.get("content", [])]
    out["contributors"] = [p for p in map(person, e.get("contributors", [])) if p]
    out["enclosures"] = [link(x, False) for x in e.get("enclosures", [])]
    out["comments"] = e.get("comments", "")
    s = e.get("source", {})
    if isinstance(s, dict):
        out["source"] = {k: v for k, v in (("title", s.get("title")), ("url", s.get("href") or s.get("link") or s.get("id"))) if v}
    langs = [c.get("language") for c in [e.get("title_detail", {}), e.get("summary_detail", {})] + e.get("content", []) if c.get("language")]
    if langs:
        out["language"] = langs[0]
    return {k: v for k, v in out.items() if v}


def feed(f):
    out = common(f)
    out.update(pick(f, ("subtitle", "subtitle"), ("language", "language"), ("generator", "generator"), ("ttl", "ttl"), ("icon", "icon")))
    logo = f.get("logo")
    out["logo"] = logo.get("href", "") if isinstance(logo, dict) else logo
    out["image"] = f.get("image", {}).get("href", "")
    return {k: v for k, v in out.items() if v}


def theirs(body, headers):
    h = {k.lower(): v for k, v in headers.items()}
    d = feedparser.parse(body, response_headers=h) if h else feedparser.parse(body)
    return {"encoding": (d.encoding or "").lower(), "version": d.version, "feed": feed(d.feed), "items": [entry(e) for e in d.entries]}


lines = []
for name, (body, headers) in CASES.items():
    try:
        want = theirs(body, headers)
    except Exception:  # it has its faults too
        continue
    case = {"name": name}
    if headers:
        case["headers"] = headers
    try:
        case["text"] = body.decode("utf-8")
    except UnicodeDecodeError:
        case["base64"] = base64.b64encode(body).decode()
    case["theirs"] = want
    lines.append(json.dumps(case, ensure_ascii=False) + "\n")
with gzip.GzipFile("cases.jsonl.gz", "wb", 9, mtime=0) as out:
    out.write("".join(lines).encode("utf-8"))
