package web

import "net/http"

// routes is the table of all that the server answers. Everything under GET
// may be repeated at any time and changes nothing.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	public := func(pattern string, h handler) { mux.Handle(pattern, s.wrap(h)) }
	admin := func(pattern string, h handler) { mux.Handle(pattern, s.wrap(s.guard(h))) }

	// The public site: browsers; cacheable.
	public("GET /{$}", s.indexPage)
	public("GET /topics/{slug}", s.topic)                    // feed readers with .rss, .atom or .json; else the page
	public("GET /topics/{slug}/stories/{story}", s.story)    // browsers, from an entry
	public("GET /topics/{slug}/archive/{page}", s.archive)   // feed readers that walk the history; kept for a year
	public("GET /topics.opml", s.opml)                       // feed readers: all public topic feeds at once
	public("GET /t/{token}", s.privateTopic)                 // those who were given the link: the page, and feeds as above
	public("GET /t/{token}/stories/{story}", s.privateStory) // from an entry of a private topic
	public("GET /t/{token}/archive/{page}", s.privateArchive)

	// Operations: the container, the monitor, the proxy. No secrets.
	public("GET /healthz", s.healthz) // the process answers and its loops turn; else restart it
	public("GET /readyz", s.readyz)   // the store takes writes and we are not stopping; else send nobody here
	public("GET /metrics", s.metricsPage)
	public("GET /robots.txt", s.robots)
	public("GET /favicon.ico", s.favicon)
	public("GET /static/feed.css", s.feedStyle)      // browsers that show a feed
	public("GET /static/feed.png", s.feedIcon)       // feed readers
	public("GET /static/{version}/{file}", s.static) // pages; kept for a year, as the version is in the path

	// The admin pages: the editor. Posts answer with a redirect, so that
	// reloading the page repeats nothing.
	public("GET /admin/login", s.loginPage)
	public("POST /admin/login", s.login) // limited in rate
	admin("POST /admin/logout", s.logout)
	admin("GET /admin/{$}", s.adminHome)
	admin("GET /admin", s.adminHome)
	admin("GET /admin/feeds", s.feedsPage)
	admin("POST /admin/feeds", s.addFeed)           // repeats are refused: it exists
	admin("POST /admin/feeds/import", s.importOPML) // repeats add nothing
	admin("GET /admin/feeds/{feed}", s.feedPage)
	admin("POST /admin/feeds/{feed}/poll", s.pollFeed)     // repeats do nothing while a poll is under way
	admin("POST /admin/feeds/{feed}/revive", s.reviveFeed) // repeats do nothing: it is no longer gone or dead
	admin("POST /admin/feeds/{feed}/remove", s.removeFeed)
	admin("GET /admin/topics", s.topicsPage)
	admin("GET /admin/topics/new", s.newTopicPage)
	admin("POST /admin/topics/preview", s.previewQuery) // the editor while typing; changes nothing
	admin("POST /admin/topics/new", s.createTopic)
	admin("GET /admin/topics/edit/{slug}", s.editTopicPage)
	admin("POST /admin/topics/edit/{slug}", s.saveTopic) // saving the same again changes nothing
	admin("POST /admin/topics/edit/{slug}/remove", s.removeTopic)
	admin("GET /admin/items/{item}", s.itemPage)

	public("GET /", s.notFound)
	return s.outermost(mux)
}
