package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// The kinds of failure: stable words, see aggregator.PollReport.ErrKind.
const (
	KindDNS         = "dns"
	KindConnect     = "connect"
	KindTimeout     = "timeout"
	KindTLS         = "tls"
	KindStatus      = "status"
	KindTooLarge    = "too_large"
	KindProtocol    = "protocol"
	KindForbidden   = "forbidden"
	KindRobots      = "robots"
	KindUnavailable = "robots_unavailable" // robots.txt could not be read, or the page leads to a paused host: it is barred for now
	KindPaused      = "paused"             // the host wants to be left alone for a time
	KindNotHTML     = "not_html"
	KindURL         = "url"
	KindCanceled    = "canceled"
)

// Error is a failed fetch, in words for a person. It never names an address
// that the user did not type.
type Error struct {
	Kind   string
	URL    string // redacted
	Status int    // of the answer; 0: there was none
	// RetryAfter is how long to stay away, if the server or we know.
	RetryAfter time.Duration
	Err        error  // the cause, for errors.Is and As; not for display
	msg        string // in words
}

func (e *Error) Error() string { return e.msg }

func (e *Error) Unwrap() error { return e.Err }

// Temporary tells if the same request may succeed later.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case KindDNS, KindConnect, KindTimeout, KindUnavailable, KindPaused, KindProtocol, KindCanceled:
		return true
	case KindStatus:
		return e.Status == 429 || e.Status == 408 || e.Status >= 500
	}
	return false
}

var (
	errWhole     = errors.New("the whole exchange took too long")
	errIdle      = errors.New("the server stopped sending before the end")
	errHeld      = errors.New("the server sent a large answer too slowly")
	errTooLarge  = errors.New("the answer is larger than allowed")
	errRedirects = errors.New("more than 5 redirects, or a loop of them")
	errLocation  = errors.New("redirected to an address that cannot be read")
	errScheme    = errors.New("only http and https addresses are fetched")
	errBadURL    = errors.New("not a web address")
	errUnasked   = errors.New("the server answered 304 although nothing was known of the document")
	errPart      = errors.New("the server sent a part of the document that was not asked for")
	errCoding    = errors.New("the answer has a content encoding that was not offered")
	errEncoding  = errors.New("the answer does not have the content encoding it claims")
	errWindow    = errors.New("the Brotli window is larger than 4 MiB")
	errNotHTML   = errors.New("not an HTML page")
)

type statusError struct{ challenge bool }

func (*statusError) Error() string { return "unexpected status" }

// explain turns what went wrong into words.
func (c *Client) explain(x *exchange, err error) error {
	e := &Error{URL: redacted(x.url), Status: x.res.Status, Err: err}
	if x.res.HasRetryAfter {
		e.RetryAfter = x.res.RetryAfter
	}
	if own, ok := errors.AsType[*Error](err); ok { // of robots.txt or a host's gate
		own.URL = e.URL
		return own
	}
	e.Kind, e.msg = classify(x, err)
	return e
}

func classify(x *exchange, err error) (kind, msg string) {
	var status *statusError
	switch {
	case errors.As(err, &status):
		return KindStatus, statusWords(x.res.Status, status.challenge)
	case errors.Is(err, errWhole), errors.Is(err, errIdle), errors.Is(err, errHeld):
		return KindTimeout, rootWords(err)
	case errors.Is(err, errTooLarge):
		return KindTooLarge, fmt.Sprintf("the answer is larger than %s", bytesWords(x.decoded, x.wire))
	case errors.Is(err, errForbidden):
		return KindForbidden, x.host() +
			" is at an address of a private or special network; if it may be read, add it to fetch.allow_private"
	case errors.Is(err, errPort):
		return KindForbidden, "feeds are not read from this port; if it may be read, add its number to fetch.ports"
	case errors.Is(err, errBadURL), errors.Is(err, errScheme):
		return KindURL, rootWords(err)
	case errors.Is(err, errNotHTML):
		return KindNotHTML, rootWords(err)
	case errors.Is(err, errEncoding):
		return KindProtocol, errEncoding.Error()
	case errors.Is(err, errRedirects), errors.Is(err, errLocation), errors.Is(err, errUnasked),
		errors.Is(err, errPart), errors.Is(err, errCoding):
		return KindProtocol, rootWords(err)
	case errors.Is(err, context.Canceled):
		return KindCanceled, "stopped before the answer came"
	}
	return classifyNet(x, err)
}

func classifyNet(x *exchange, err error) (kind, msg string) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		switch {
		case dns.IsNotFound:
			return KindDNS, "no such host: " + x.host()
		case dns.IsTimeout:
			return KindDNS, errDNSSlow.Error()
		}
		return KindDNS, "the name server could not resolve " + x.host()
	}
	if words := tlsWords(err); words != "" {
		return KindTLS, words
	}
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return KindTimeout, "the server did not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return KindConnect, "connection refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return KindConnect, "the server cannot be reached"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return KindConnect, "the server broke off the connection"
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return KindConnect, "the connection failed"
	}
	return KindProtocol, protocolWords(err)
}

// protocolWords explains what net/http could not read. Its texts are matched
// because it has no types for them.
func protocolWords(err error) string {
	s := err.Error()
	switch {
	case strings.Contains(s, "server response headers exceeded"), strings.Contains(s, "response header list"):
		return "the answer's header is larger than 256 KiB"
	case strings.Contains(s, "EOF"), strings.Contains(s, "server closed idle connection"):
		return "the server closed the connection without an answer"
	case strings.Contains(s, "1xx"):
		return "the server sent interim answers without end"
	case strings.Contains(s, "invalid header field"):
		return "a header to send has a character that is not allowed"
	}
	return "the server did not answer in HTTP"
}

func tlsWords(err error) string {
	var (
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired or is not valid yet"
	case errors.As(err, &name):
		return "the server's certificate is for another name"
	case errors.As(err, &unknown):
		return "the server's certificate is signed by nobody we trust"
	case errors.As(err, &cert), errors.As(err, &invalid):
		return "the server's certificate is not valid"
	case errors.As(err, &record):
		return "the server does not speak TLS on this port"
	case errors.As(err, &alert), strings.Contains(err.Error(), "tls: "):
		return "the server and we did not agree on TLS"
	}
	return ""
}

func statusWords(status int, challenge bool) string {
	words := strings.ToLower(http.StatusText(status))
	switch {
	case challenge:
		words = "blocked by a challenge for browsers"
	case words == "":
		words = "unknown status"
	}
	return fmt.Sprintf("%s (HTTP %d)", words, status)
}

// rootWords returns the text of one of our own errors without what wraps it.
func rootWords(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

func bytesWords(decoded, wire int64) string {
	if decoded == wire {
		return fmt.Sprintf("%d MiB", wire>>20)
	}
	return fmt.Sprintf("%d MiB (%d MiB compressed)", decoded>>20, wire>>20)
}

// host names the host asked last, if the user knows it: where a redirect leads
// may be nobody's business (BEHAVIOUR X-06).
func (x *exchange) host() string {
	typed, err := url.Parse(x.url)
	if err != nil {
		return "the host"
	}
	if last, err := url.Parse(x.res.FinalURL); err == nil && last.Host != typed.Host {
		return "the host that " + typed.Hostname() + " redirects to"
	}
	return typed.Hostname()
}

func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable URL)"
	}
	return u.Redacted()
}
