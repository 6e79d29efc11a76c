package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"topicwire/config"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"
)

// ServeCmd is the daemon.
type ServeCmd struct {
	Listen string `help:"Address for pages and topic feeds (default: as configured, 127.0.0.1:8080)." placeholder:"ADDR"`
}

// Run runs the command.
func (c *ServeCmd) Run(e *env) error {
	ctx, stop := withSignals(e.ctx)
	defer stop()
	e.ctx = ctx
	cfg, path, err := e.loadConfigAndPath()
	if err != nil {
		return err
	}
	if c.Listen != "" {
		cfg.Listen = c.Listen
	}
	return e.serve(cfg, path)
}

// withSignals returns a context that ends with the first SIGINT or SIGTERM;
// the second ends the process at once.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
			return
		}
		if _, again := <-signals; again {
			os.Exit(exitFailed)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}

// serve runs the daemon until the context ends: it opens the listener before
// the first poll, and closes it after the last write (BEHAVIOUR O-01).
func (e *env) serve(cfg *config.Config, path string) error {
	e.setLogLevel(slog.LevelInfo)
	e.warn(cfg)
	ln, err := listen(e.ctx, cfg.Listen)
	if err != nil {
		return err
	}
	defer ln.Close()
	ln = netutil.LimitListener(ln, maxConnections)
	if cfg.BaseURL == "" {
		cfg.Listen = ln.Addr().String() // what links are made from: the real port, if 0 was asked for
	}
	a, err := e.openWith(cfg, openOptions{polling: true})
	if err != nil {
		return err
	}
	defer a.close()
	site, err := a.newSite(cfg)
	if err != nil {
		return err
	}

	serving, stopServing := context.WithCancel(context.WithoutCancel(e.ctx))
	defer stopServing()
	var web errgroup.Group
	web.Go(func() error { return serveHTTP(serving, ln, site.Handler(), e.log) })

	g, ctx := errgroup.WithContext(e.ctx)
	g.Go(func() error { return site.Run(ctx) }) // from its end on /readyz answers 503
	a.tick.now()
	g.Go(func() error { return a.sched.Run(ctx) })
	g.Go(func() error { return a.pipe.Serve(ctx) })
	g.Go(func() error { return a.watchRows(ctx) })
	g.Go(func() error { return a.watchConfig(ctx, path) })
	g.Go(func() error { return a.keepHouse(ctx) })
	g.Go(func() error {
		<-ctx.Done()
		notifySystemd("STOPPING=1")
		a.log.Info("stopping: polls in hand are finished first")
		return nil
	})
	e.say("Topicwire serves %s", a.baseURL+"/")
	notifySystemd("READY=1")

	err = g.Wait()
	stopServing()
	if webErr := web.Wait(); err == nil {
		err = webErr
	}
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// listen opens the listener, and says what to do if that fails.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, usageError{fmt.Errorf("%q is no address to listen on; write host and port, such as 127.0.0.1:8080, or :8080 for all addresses", addr)}
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program; choose another address: topicwire serve --listen 127.0.0.1:8081", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s needs a privilege; choose a port above 1023: %w", addr, err)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln, nil
}

// maxConnections bounds the connections that readers hold open at once. Those
// that come after wait; none that sends nothing lasts longer than the header's
// timeout.
const (
	maxConnections = 1000
	headerTimeout  = 10 * time.Second
)

// serveHTTP answers requests until ctx ends, then finishes those in hand.
func serveHTTP(ctx context.Context, ln net.Listener, h http.Handler, log *slog.Logger) error {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	closed := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		closed <- srv.Shutdown(grace)
	}()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if err := <-closed; errors.Is(err, context.DeadlineExceeded) {
		return srv.Close()
	}
	return nil
}
