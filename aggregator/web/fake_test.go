package web_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"topicwire/aggregator"
)

// fakeStore is a small store in memory.
type fakeStore struct {
	mu      sync.Mutex
	topics  []aggregator.Topic
	entries map[aggregator.TopicID][]aggregator.Entry
	stories map[string]*aggregator.Story
	matches map[aggregator.ItemID][]aggregator.Match
	feeds   []aggregator.Feed
	hosts   []aggregator.HostPause // whose feeds are left alone
	reads   int                    // of entries
	err     error                  // what every method returns, if it is set

	pageHosts []aggregator.HostPause
}

func (f *fakeStore) lock() func() {
	f.mu.Lock()
	return f.mu.Unlock
}

func (f *fakeStore) Topics(context.Context) ([]aggregator.Topic, error) {
	defer f.lock()()
	return slices.Clone(f.topics), f.err
}

func (f *fakeStore) findTopic(is func(*aggregator.Topic) bool) (*aggregator.Topic, error) {
	defer f.lock()()
	for _, t := range f.topics {
		if f.err == nil && is(&t) {
			return &t, nil
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	return nil, fmt.Errorf("topic: %w", aggregator.ErrNotFound)
}

func (f *fakeStore) Topic(_ context.Context, slug string) (*aggregator.Topic, error) {
	return f.findTopic(func(t *aggregator.Topic) bool { return t.Slug == slug })
}

func (f *fakeStore) TopicByToken(_ context.Context, token string) (*aggregator.Topic, error) {
	return f.findTopic(func(t *aggregator.Topic) bool { return t.Private && t.Token == token })
}

func (f *fakeStore) TopicRevisions(context.Context) (map[aggregator.TopicID]int64, error) {
	defer f.lock()()
	m := map[aggregator.TopicID]int64{}
	for _, t := range f.topics {
		m[t.ID] = t.Revision
	}
	return m, f.err
}

func (f *fakeStore) Entries(_ context.Context, flt aggregator.EntryFilter) ([]aggregator.Entry, error) {
	defer f.lock()()
	f.reads++
	var out []aggregator.Entry
	for _, e := range f.entries[flt.Topic] {
		if !e.Published.Before(flt.Since) {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b aggregator.Entry) int { return b.Published.Compare(a.Published) })
	out = out[min(len(out), flt.Offset):]
	return out[:min(len(out), flt.Limit)], f.err
}

func (f *fakeStore) EntryMarks(ctx context.Context, flt aggregator.EntryFilter) ([]aggregator.EntryMark, error) {
	flt.Limit = 1 << 30
	entries, err := f.Entries(ctx, flt)
	f.reads--
	var marks []aggregator.EntryMark
	for _, e := range entries {
		marks = append(marks, aggregator.EntryMark{PublicID: e.PublicID, Published: e.Published, Digest: e.Best.Title})
	}
	return marks, err
}

func (f *fakeStore) Story(_ context.Context, id string) (*aggregator.Story, error) {
	defer f.lock()()
	if s := f.stories[id]; s != nil {
		return s, f.err
	}
	return nil, errors.Join(f.err, aggregator.ErrNotFound)
}

func (f *fakeStore) Item(_ context.Context, id aggregator.ItemID) (*aggregator.StoryItem, error) {
	defer f.lock()()
	for _, s := range f.stories {
		for i := range s.Items {
			if s.Items[i].ID == id {
				return &s.Items[i], f.err
			}
		}
	}
	return nil, errors.Join(f.err, aggregator.ErrNotFound)
}

func (f *fakeStore) ItemMatches(_ context.Context, id aggregator.ItemID) ([]aggregator.Match, error) {
	defer f.lock()()
	return f.matches[id], f.err
}

func (f *fakeStore) Feeds(context.Context, aggregator.FeedFilter) ([]aggregator.Feed, error) {
	defer f.lock()()
	return slices.Clone(f.feeds), f.err
}

func (f *fakeStore) Feed(_ context.Context, id aggregator.FeedID) (*aggregator.Feed, error) {
	defer f.lock()()
	for _, feed := range f.feeds {
		if feed.ID == id {
			return &feed, f.err
		}
	}
	return nil, errors.Join(f.err, aggregator.ErrNotFound)
}

func (f *fakeStore) Hosts(context.Context) ([]aggregator.HostPause, error) {
	defer f.lock()()
	return slices.Clone(f.hosts), f.err
}

func (f *fakeStore) PageHosts(context.Context) ([]aggregator.HostPause, error) {
	defer f.lock()()
	return slices.Clone(f.pageHosts), f.err
}

// publish adds a story of the items to a topic; the first item is the oldest.
func (f *fakeStore) publish(topic aggregator.TopicID, evidence []aggregator.Evidence, items ...aggregator.StoryItem) string {
	defer f.lock()()
	id := aggregator.PublicStoryID(&items[0])
	story := &aggregator.Story{ID: aggregator.StoryID(len(f.stories) + 1), PublicID: id, Items: items}
	f.stories[id] = story
	var t *aggregator.Topic
	for i := range f.topics {
		if f.topics[i].ID == topic {
			t = &f.topics[i]
		}
	}
	best, sources, _ := aggregator.ComposeEntry(t, items)
	m := aggregator.Match{Topic: topic, Item: best.ID, Score: 7, Threshold: 3, Evidence: evidence}
	f.matches[best.ID] = append(f.matches[best.ID], m)
	f.entries[topic] = append(f.entries[topic], aggregator.Entry{
		Topic: topic, Story: story.ID, PublicID: id, Published: items[0].Date(), Updated: items[0].Date(),
		Best: best, Sources: sources, Match: m,
	})
	t.Revision++
	t.ChangedAt = items[0].Date()
	t.Entries++
	return id
}

func newFakeStore() *fakeStore {
	return &fakeStore{
		entries: map[aggregator.TopicID][]aggregator.Entry{}, stories: map[string]*aggregator.Story{},
		matches: map[aggregator.ItemID][]aggregator.Match{},
	}
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const token = "abcdefghijklmnopqrstuvwxyz"

// newsroom is a store with topics, stories in several languages and feeds in
// several states.
func newsroom() *fakeStore {
	f := newFakeStore()
	f.topics = []aggregator.Topic{
		{ID: 1, Slug: "russia-india", Title: "Russia–India", Query: "country:ru country:in", Revision: 1, Declared: aggregator.InFile,
			Description: "What passes between Moscow and New Delhi: trade, arms, energy and diplomacy, in any language."},
		{ID: 2, Slug: "monsoon", Title: "Monsoon", Query: "musim OR monsoon", Revision: 1, Declared: aggregator.InDatabase},
		{ID: 3, Slug: "board", Title: "Board papers", Query: "quarterly", Private: true, Token: token, Revision: 1, Declared: aggregator.InDatabase},
	}
	f.feeds = newsroomFeeds()
	f.hosts = []aggregator.HostPause{{Host: "example.ru", Until: noon.Add(time.Hour), Reason: "429, Retry-After 3600 s"}}
	weapons := []aggregator.StoryItem{
		storyItem(11, "Kabar Kini", "id", "Rusia dan India Bahas Produksi Senjata Bersama", "Moskow dan New Delhi membahas produksi bersama sistem pertahanan udara, kata seorang pejabat pada Senin.", -3*time.Hour),
		storyItem(12, "Delhi Ledger", "en", "Russia and India discuss joint weapons production", "Officials of both countries met in New Delhi to discuss building air-defence systems together, with deliveries planned from 2028 and a share of parts made in Gujarat.", -2*time.Hour),
		storyItem(13, "Волга Сегодня", "ru", "Россия и Индия обсуждают совместное производство вооружений", "Стороны обсудили лицензионное производство и поставки комплектующих.", -2*time.Hour-30*time.Minute),
		storyItem(14, "صحيفة النهر", "ar", "روسيا والهند تبحثان إنتاج أسلحة مشترك", "بحث مسؤولون من البلدين في نيودلهي إنتاجا مشتركا لأنظمة الدفاع الجوي.", -1*time.Hour),
		storyItem(15, "गंगा समाचार", "hi", "रूस और भारत संयुक्त हथियार उत्पादन पर चर्चा", "दोनों देशों के अधिकारियों ने नई दिल्ली में मुलाकात की।", -90*time.Minute),
	}
	weapons[0].ImageURL = "https://images.example/weapons.jpg"
	weapons[1].Article = &aggregator.Article{
		Item: 12, Status: aggregator.ArticleRead, Language: "en", ImageURL: "https://images.example/weapons.jpg", FetchedAt: noon,
		Summary: weapons[1].Summary,
		Text:    "Officials of Russia and India met in New Delhi on Monday.\nThey discussed building air-defence systems together.\nMoscow offers licences; India wants a share of the parts.",
	}
	weapons[1].Link = aggregator.Link{Reason: aggregator.LinkText, Strength: .93, To: 11}
	f.publish(1, []aggregator.Evidence{
		{Term: "country:ru", Alias: "Russia", Field: "title", Start: 0, End: 6, Snippet: "Russia and India discuss joint weapons production"},
		{Term: "country:in", Alias: "India", Field: "title", Start: 11, End: 16, Snippet: "Russia and India discuss joint weapons production"},
		{Term: "country:in", Alias: "New Delhi", Field: "body", Start: 37, End: 46, Snippet: "Officials of Russia and India met in New Delhi on Monday."},
	}, weapons...)
	f.publish(1, []aggregator.Evidence{{Term: "country:ru", Alias: "מוסקבה", Field: "title", Snippet: "מוסקבה ודלהי חתמו על הסכם"}},
		storyItem(21, "עיתון הים", "he", "מוסקבה ודלהי חתמו על הסכם סחר חדש", "ההסכם נוגע לנפט, לדשנים ולתרופות, ונחתם אחרי שנה של שיחות.", -26*time.Hour))
	oil := storyItem(31, "Harbour Post", "en", "India's refiners book more Russian oil for January", "Purchases rise as discounts widen, traders say, and insurers return to the route.", -28*time.Hour)
	oil.ImageURL = "https://images.example/oil.jpg"
	f.publish(1, []aggregator.Evidence{{Term: "country:in", Alias: "India", Field: "title", End: 5, Snippet: "India's refiners book more Russian oil"}}, oil)
	f.publish(2, nil, storyItem(41, "Kabar Kini", "id", "Musim hujan datang lebih awal di Jawa", "BMKG meminta warga bersiap.", -4*time.Hour))
	f.publish(3, nil, storyItem(51, "Ledger", "en", "Quarterly figures are out", "They are good.", -5*time.Hour))
	return f
}

func newsroomFeeds() []aggregator.Feed {
	feed := func(id aggregator.FeedID, outlet, url string, state aggregator.FeedState) aggregator.Feed {
		return aggregator.Feed{
			ID: id, FeedSettings: aggregator.FeedSettings{URL: url, Outlet: outlet, Tags: []string{"asia", "world"}}, Items: 120,
			Declared: aggregator.InFile,
			PollState: aggregator.PollState{
				State: state, LastPollAt: noon.Add(-20 * time.Minute), LastSuccessAt: noon.Add(-20 * time.Minute), LastStatus: 200,
				NextPollAt: noon.Add(40 * time.Minute), NextPollReason: "adaptive",
			},
		}
	}
	failing := feed(2, "Волга Сегодня", "https://volga.example.ru/rss?key=secret", aggregator.FeedFailing)
	failing.LastError, failing.Failures = "the server answered 503 Service Unavailable", 4
	failing.FailingSince, failing.LastStatus = noon.Add(-26*time.Hour), 503
	added := feed(3, "गंगा समाचार", "https://ganga.example.in/feed.xml", aggregator.FeedActive)
	added.Declared = aggregator.InDatabase
	return []aggregator.Feed{feed(1, "Kabar Kini", "https://kabar.example.id/rss", aggregator.FeedActive), failing, added}
}

func storyItem(id aggregator.ItemID, outlet, lang, title, summary string, at time.Duration) aggregator.StoryItem {
	return aggregator.StoryItem{
		Item: aggregator.Item{
			ID: id, Feed: 1, GUID: fmt.Sprint("guid-", id), URL: fmt.Sprintf("https://news.example/%d", id),
			CanonicalURL: fmt.Sprintf("news.example/%d", id), Title: title, Summary: summary, Language: lang,
			Published: noon.Add(at), FirstSeen: noon.Add(at),
		},
		Outlet: outlet, FeedURL: "https://news.example/feed", FeedTitle: outlet,
		Link: aggregator.Link{Reason: aggregator.LinkFounder},
	}
}
