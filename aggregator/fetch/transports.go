package fetch

import (
	"crypto/tls"
	"net/http"
	"sync"
)

// The memory that a peer may fill before we read what it sends.
const (
	h2StreamBuffer = 128 << 10
	h2ConnBuffer   = 256 << 10
)

// transports are the ways to speak with servers, made when first needed: all
// use the same dialer and have the same bounds.
type transports struct {
	dialer *dialer
	tls    *tls.Config // nil: the system's roots

	mu  sync.Mutex
	all [4]*http.Transport
}

// of returns the transport for a kind of request.
func (t *transports) of(http1, insecure bool) *http.Transport {
	i := 0
	if http1 {
		i |= 1
	}
	if insecure {
		i |= 2
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all[i] == nil {
		t.all[i] = t.build(http1, insecure)
	}
	return t.all[i]
}

func (t *transports) build(http1, insecure bool) *http.Transport {
	tc := &tls.Config{}
	if t.tls != nil {
		tc = t.tls.Clone()
	}
	tc.MinVersion = tls.VersionTLS12
	// A cache of its own: a session of a server that was not verified must not
	// be taken up where it would have to be.
	tc.ClientSessionCache = tls.NewLRUClientSessionCache(ticketCache)
	tc.InsecureSkipVerify = insecure
	// What is read is public, and every poll shakes hands anew: the hybrid key
	// exchange would take a third of the whole poll's time, and its hello of
	// two packets is more than some servers bear.
	tc.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(!http1)
	return &http.Transport{
		DialContext:            t.dialer.DialContext, // no proxy: BEHAVIOUR X-05
		TLSClientConfig:        tc,
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns:           maxIdleConns,
		MaxIdleConnsPerHost:    1,
		WriteBufferSize:        writeBuffer,
		IdleConnTimeout:        idleConn,
		DisableCompression:     true, // we decode ourselves, within bounds
		Protocols:              protocols,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream: h2StreamBuffer, MaxReceiveBufferPerConnection: h2ConnBuffer,
		},
	}
}

// close closes idle connections.
func (t *transports) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.all {
		if tr != nil {
			tr.CloseIdleConnections()
		}
	}
}
