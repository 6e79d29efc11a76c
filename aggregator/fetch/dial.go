package fetch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// The bounds of the phases of an exchange (BEHAVIOUR §0).
const (
	dnsTimeout     = 5 * time.Second
	connectTimeout = 10 * time.Second
	tlsTimeout     = 10 * time.Second
	headerTimeout  = 20 * time.Second
	idleTimeout    = 15 * time.Second
	wholeTimeout   = 60 * time.Second
	heldTimeout    = 15 * time.Second       // for the rest of a body that others wait for
	familyLead     = 300 * time.Millisecond // RFC 8305 5: head start of the preferred family
)

var (
	errForbidden = errors.New("forbidden address")
	errPort      = errors.New("forbidden port")
	errDNSSlow   = errors.New("the name server did not answer in time")
	errDNSEmpty  = errors.New("the name has no address")
)

// Resolver finds the addresses of a name; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// dialer is the only way out: it resolves a name itself, judges every address
// of it, and connects to those addresses and no other, so that a name cannot
// change between check and connection (BEHAVIOUR ).
type dialer struct {
	guard    guard
	resolver Resolver
	connect  func(ctx context.Context, network, addr string) (net.Conn, error)
	// unresolved hands names to connect as they are; tests only.
	unresolved bool
	blocked    *atomic.Int64 // connections refused by the guard
}

func newDialer(o Options) *dialer {
	d := &dialer{guard: newGuard(o.AllowPrivate, o.Ports), resolver: o.Resolver, connect: o.DialContext}
	if d.connect == nil {
		nd := &net.Dialer{Timeout: connectTimeout, ControlContext: d.control, KeepAlive: -1}
		d.connect = nd.DialContext
	} else if d.resolver == nil {
		d.unresolved = true
	}
	if d.resolver == nil {
		d.resolver = net.DefaultResolver
	}
	return d
}

// control judges the address once more, as the system is about to connect.
func (d *dialer) control(_ context.Context, _, addr string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return errForbidden
	}
	return d.guard.check(a)
}

// DialContext connects to host:port.
func (d *dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return nil, errPort
	}
	var one [1]netip.Addr
	ips := one[:]
	if one[0], err = netip.ParseAddr(host); err != nil {
		if d.unresolved {
			return d.connect(ctx, network, addr)
		}
		if ips, err = d.lookup(ctx, host); err != nil {
			return nil, err
		}
	}
	// One forbidden answer condemns the name: a site of the internet has
	// no reason to mix them.
	for _, ip := range ips {
		if err := d.guard.check(netip.AddrPortFrom(ip, uint16(port))); err != nil {
			d.blocked.Add(1)
			return nil, err
		}
	}
	return d.dialAny(ctx, network, ips, uint16(port))
}

func (d *dialer) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, dnsTimeout, errDNSSlow)
	defer cancel()
	ips, err := d.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		if errors.Is(context.Cause(ctx), errDNSSlow) {
			return nil, &net.DNSError{Err: errDNSSlow.Error(), Name: host, IsTimeout: true}
		}
		var de *net.DNSError
		if !errors.As(err, &de) && ctx.Err() == nil {
			err = &net.DNSError{Err: err.Error(), Name: host}
		}
		return nil, err
	}
	if len(ips) == 0 {
		return nil, &net.DNSError{Err: errDNSEmpty.Error(), Name: host, IsNotFound: true}
	}
	return ips, nil
}

// dialAny connects to the first address that answers: one family in order,
// the other beside it after a short lead (RFC 8305, simplified).
func (d *dialer) dialAny(ctx context.Context, network string, ips []netip.Addr, port uint16) (net.Conn, error) {
	if len(ips) == 1 {
		return d.connect(ctx, network, netip.AddrPortFrom(ips[0], port).String())
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	var first, second []netip.Addr
	for _, ip := range ips {
		if ip.Unmap().Is4() == ips[0].Unmap().Is4() {
			first = append(first, ip)
		} else {
			second = append(second, ip)
		}
	}
	if len(second) == 0 {
		return d.dialInTurn(ctx, network, first, port)
	}
	return d.race(ctx, network, first, second, port)
}

type dialed struct {
	conn net.Conn
	err  error
}

func (d *dialer) race(ctx context.Context, network string, first, second []netip.Addr, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan dialed, 2)
	start := func(ips []netip.Addr) {
		conn, err := d.dialInTurn(ctx, network, ips, port)
		results <- dialed{conn, err}
	}
	go start(first)
	lead := time.NewTimer(familyLead)
	defer lead.Stop()
	running, started := 1, false
	var failure error
	for {
		select {
		case <-lead.C:
		case r := <-results:
			running--
			if r.err == nil {
				if running > 0 {
					go func() { // the loser may have connected too
						if late := <-results; late.conn != nil {
							late.conn.Close()
						}
					}()
				}
				return r.conn, nil
			}
			if failure == nil {
				failure = r.err
			}
			if started && running == 0 {
				return nil, failure
			}
		}
		if !started {
			started = true
			running++
			go start(second)
		}
	}
}

func (d *dialer) dialInTurn(ctx context.Context, network string, ips []netip.Addr, port uint16) (net.Conn, error) {
	var failure error
	for _, ip := range ips {
		conn, err := d.connect(ctx, network, netip.AddrPortFrom(ip, port).String())
		if err == nil {
			return conn, nil
		}
		if failure == nil {
			failure = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failure
}
