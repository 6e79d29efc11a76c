package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	sessionLife  = 30 * 24 * time.Hour
	mostSessions = 1000
	formBytes    = 64 << 10
	attemptBurst = 10
)

// guard lets the editor in and nobody else. Without a password that is who
// sits at this machine; with one, who holds a session. Posts from other sites
// are refused in both cases.
func (s *Server) guard(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.origin.Check(r); err != nil {
			return refuse(http.StatusForbidden, "That form was sent from another site. Please use the form on this page.")
		}
		if s.opts.AdminPassword == "" {
			if !atThisMachine(r) {
				return refuse(http.StatusForbidden, "Without a password the admin pages answer on this machine only: open them at localhost, or set admin.password_file.")
			}
		} else if !s.loggedIn(r) {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				return refuse(http.StatusForbidden, "Your session has ended. Please log in again.")
			}
			http.Redirect(w, r, s.path("/admin/login"), http.StatusSeeOther)
			return nil
		}
		limit := int64(formBytes)
		if r.URL.Path == "/admin/feeds/import" {
			limit = opmlBytes
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		return h(w, r)
	}
}

// atThisMachine judges the socket's address (BEHAVIOUR X-15). Two things make
// it refuse what comes over loopback: a Host that is not this machine's,
// which is a web page that rebound its name to us, and the marks of a proxy,
// which would let the world in.
func atThisMachine(r *http.Request) bool {
	if !peer(r).IsLoopback() || forwarded(r) {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if host == "" || strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// forwarded tells if a proxy brought the request for somebody else. The marks
// can be left out, so they only ever close doors.
func forwarded(r *http.Request) bool {
	for _, mark := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(mark) != "" {
			return true
		}
	}
	return false
}

// sessions are kept in memory: a restart logs everybody out.
type sessions struct {
	now      func() time.Time
	mu       sync.Mutex
	live     map[[sha256.Size]byte]time.Time // hash of the id → when it ends
	attempts map[netip.Prefix]*rate.Limiter
}

func (ss *sessions) start() string {
	id := rand.Text() + rand.Text()
	ss.mu.Lock()
	defer ss.mu.Unlock()
	now := ss.now()
	if ss.live == nil || len(ss.live) >= mostSessions {
		ss.live = map[[sha256.Size]byte]time.Time{}
	}
	ss.live[sha256.Sum256([]byte(id))] = now.Add(sessionLife)
	return id
}

func (ss *sessions) valid(id string) bool {
	key := sha256.Sum256([]byte(id))
	ss.mu.Lock()
	defer ss.mu.Unlock()
	end, ok := ss.live[key]
	if ok && !ss.now().Before(end) {
		delete(ss.live, key)
		return false
	}
	return ok
}

func (ss *sessions) end(id string) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.live, sha256.Sum256([]byte(id)))
}

// allow limits attempts to log in: ten at once, then one in six seconds. Who
// has one IPv6 address has 2^64 of them, which count as one.
func (ss *sessions) allow(addr netip.Addr) bool {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	from, err := addr.Prefix(bits)
	if err != nil {
		from = netip.Prefix{} // all that have no address share one limit
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	now := ss.now()
	if ss.attempts == nil {
		ss.attempts = map[netip.Prefix]*rate.Limiter{}
	}
	if len(ss.attempts) >= mostSessions { // forget those that have waited, and nobody else
		maps.DeleteFunc(ss.attempts, func(_ netip.Prefix, l *rate.Limiter) bool { return l.TokensAt(now) >= attemptBurst })
	}
	if len(ss.attempts) >= mostSessions && ss.attempts[from] == nil {
		from = netip.Prefix{} // so many guess at once that newcomers share a limit
	}
	l := ss.attempts[from]
	if l == nil {
		l = rate.NewLimiter(rate.Every(6*time.Second), attemptBurst)
		ss.attempts[from] = l
	}
	return l.AllowN(now, 1)
}

// cookieName is __Host- where the browser would take it: over https.
func (s *Server) cookieName(r *http.Request) (name string, secure bool) {
	if r.TLS != nil || strings.HasPrefix(s.base, "https://") && !atThisMachine(r) {
		return "__Host-topicwire", true
	}
	return "topicwire", false
}

func (s *Server) loggedIn(r *http.Request) bool {
	name, _ := s.cookieName(r)
	c, err := r.Cookie(name)
	return err == nil && s.sessions.valid(c.Value)
}

type loginData struct{ frame }

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) error {
	if s.opts.AdminPassword == "" || s.loggedIn(r) {
		http.Redirect(w, r, s.path("/admin/feeds"), http.StatusSeeOther)
		return nil
	}
	return s.page(w, r, "login", loginData{s.adminFrame(r, "Log in", "login")})
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	if err := s.origin.Check(r); err != nil {
		return refuse(http.StatusForbidden, "That form was sent from another site. Please use the form on this page.")
	}
	if s.opts.AdminPassword == "" {
		http.Redirect(w, r, s.path("/admin/feeds"), http.StatusSeeOther)
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, formBytes)
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	data := loginData{s.adminFrame(r, "Log in", "login")}
	if !s.sessions.allow(peer(r)) {
		data.Problem = "Too many attempts. Please wait a minute."
		w.Header().Set("Retry-After", "60")
		return s.pageWithStatus(w, http.StatusTooManyRequests, "login", data)
	}
	given, want := sha256.Sum256([]byte(r.PostForm.Get("password"))), sha256.Sum256([]byte(s.opts.AdminPassword))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		s.log.Warn("login refused", "from", peer(r))
		data.Problem = "That is not the password."
		return s.pageWithStatus(w, http.StatusUnauthorized, "login", data)
	}
	name, secure := s.cookieName(r)
	if old, err := r.Cookie(name); err == nil {
		s.sessions.end(old.Value)
	}
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: s.sessions.start(), Path: "/", MaxAge: int(sessionLife.Seconds()),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, s.path("/admin/feeds"), http.StatusSeeOther)
	return nil
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	name, secure := s.cookieName(r)
	if c, err := r.Cookie(name); err == nil {
		s.sessions.end(c.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, s.path("/"), http.StatusSeeOther)
	return nil
}
