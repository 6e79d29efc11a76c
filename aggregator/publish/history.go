package publish

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"topicwire/aggregator"
)

// historyForm is to be raised when archives are rendered in another way.
const historyForm = "1"

// HistoryPage is a part of a topic's history. Its Name changes with anything
// that is rendered in the page, and in the older ones that it leads to: what
// is served under a name never changes (RFC 5005 4, BEHAVIOUR P-06).
type HistoryPage struct {
	Name          string
	Offset, Limit int      // of the entries, counted from the newest
	IDs           []string // their public ids, newest first
}

// History divides the history of a topic into pages of DefaultLimit entries,
// oldest page first, given the marks of all entries, newest first, and how
// many of them the topic feed itself carries. The pages and the topic feed
// hold every entry at least once. Pages are counted from the first entry, so
// that news leave full ones as they are.
func History(c *Channel, marks []aggregator.EntryMark, live int) []HistoryPage {
	const size = aggregator.DefaultLimit
	total := len(marks)
	n := total / size * size
	if total-n > live { // the feed does not reach the last full page
		n = total - live
	}
	t := &c.Topic
	version := strings.Join([]string{
		historyForm, c.BaseURL, c.Authority, t.Slug, t.Token, t.Title, t.Description,
		strings.Join(t.Languages, ","), string(t.Publish), t.CreatedAt.UTC().String(),
	}, "\n")
	var pages []HistoryPage
	for from := 0; from < n; from += size {
		to := min(from+size, n)
		p := HistoryPage{Offset: total - to, Limit: to - from}
		h := sha256.New()
		h.Write([]byte(version))
		for _, m := range marks[p.Offset : p.Offset+p.Limit] {
			p.IDs = append(p.IDs, m.PublicID)
			h.Write([]byte("\n" + m.PublicID + " " + strconv.FormatInt(m.Published.Unix(), 10) + " " + m.Digest))
		}
		version = base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
		p.Name = strconv.Itoa(len(pages)+1) + "-" + version
		pages = append(pages, p)
	}
	return pages
}

// Holds tells if the entries are those of the page, in its order.
func (p *HistoryPage) Holds(entries []aggregator.Entry) bool {
	return slices.EqualFunc(p.IDs, entries, func(id string, e aggregator.Entry) bool { return id == e.PublicID })
}
