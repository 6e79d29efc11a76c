// Package aggregator holds the words and rules of Topicwire, one file per
// word. It needs the standard library only; everything else imports it, and it
// imports nothing of ours. This comment is the design on one page.
//
// # The flow
//
// Topicwire polls feeds, stores every item they carry, finds out which items
// tell the same story and which topics each is about, and publishes one entry
// per story and topic.
//
//	poll ──> fetch ──> parse ──> dedup ──> save        pipeline.Ingest: one transaction per polled feed
//	                                         │
//	            claim ──> match ──> enrich ──> match ──> story ──> save    pipeline.Process: item by item, leased
//	                                         │
//	       web: topic feeds and pages, rendered by publish from entries    read side: no state but ready bytes
//
// Each step is a package below this one, named as in the picture. Steps import
// this package and text, never each other; pipeline joins them. The store
// imports this package alone, and only cmd/topicwire imports store and config,
// maps the one to options of the others, and starts what runs.
//
// # The words
//
// A [Feed] carries items. An [Item] is known by (feed, GUID) and never changes
// its identity. The [Article] is what its page says. A [Story] is the items
// that carry the same report; every item is in exactly one. A [Topic] is a
// standing query; a [Match] is the fact that an item is about a topic, with
// the [Evidence] for it. An [Entry] is a story as a topic's feed shows it.
//
// # The promises
//
//   - Everything is stored, filtering happens at publication: a topic edited
//     today reads the history again.
//   - State lives in rows: when a feed is due, who holds the [Lease] of a row,
//     what [Work] an item waits for. A crash loses the work in hand and nothing
//     else; the lease ends, and somebody does the work again.
//   - Every step may be repeated: saving what is already saved changes nothing.
//   - A broken feed or page is data, saved on its row and shown. Only a failing
//     store is an error.
//   - Enrichment never delays publication: an item that matches on the feed's
//     text is published at once and improves in place.
//   - A published id is derived from content and frozen ([PublicStoryID]): a
//     reader never sees an entry twice, whatever we edit, move or rebuild.
//   - Whatever comes from outside has a bound: bytes, items, depth, redirects,
//     time.
//
// # Where to change what
//
//	when a feed is polled            poll/schedule.go
//	how a request looks              fetch
//	which spellings of a date we read   parse
//	what counts as the same story    dedup, and Linker here
//	what a query can say             match; docs/queries.md teaches it
//	what is article, what furniture  enrich
//	what a topic feed looks like     publish
//	a page                           web/templates
//	a table or query                 store
//	a setting                        config/example.yml, and the type beside it
package aggregator
