// Package web answers over HTTP: the topic feeds that readers subscribe to,
// the pages of topics and stories, the admin pages, and what operations ask.
//
// In: a Store to read from, and functions for the few things the admin pages
// change (Actions). Out: one http.Handler, and Run, which keeps the topic
// feeds rendered.
//
// It guarantees that topic feeds are served from ready bytes which are
// swapped as a whole and outlive a failing store; that a private topic is
// found by its token and by nothing else; that no link is built from the Host
// header; that the admin pages without a password answer on loopback only;
// and that every page works without script, under a policy that allows none
// inline.
//
// It leaves the format of feeds to publish, queries to match, and listening,
// timeouts and TLS to its caller.
package web
