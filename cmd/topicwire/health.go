package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// HealthcheckCmd asks a running daemon how it is: what a container without a
// shell runs.
type HealthcheckCmd struct {
	Listen string `help:"Address of the daemon (default: as configured)." placeholder:"ADDR"`
}

// Run runs the command.
func (c *HealthcheckCmd) Run(e *env) error {
	addr := c.Listen
	if addr == "" {
		cfg, err := e.loadConfig()
		if err != nil {
			return err
		}
		addr = cfg.Listen
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return usageError{fmt.Errorf("listen address %q: %w", addr, err)}
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	client := &http.Client{Timeout: 5 * time.Second}
	url := "http://" + net.JoinHostPort(host, port) + "/healthz"
	req, err := http.NewRequestWithContext(e.ctx, http.MethodGet, url, nil)
	if err != nil {
		return usageError{fmt.Errorf("listen address %q: %w", addr, err)}
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no daemon answers at %s: %w", url, err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, res.Status, strings.TrimSpace(string(body)))
	}
	e.printf("ok\n")
	return nil
}
