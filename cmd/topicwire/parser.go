package main

import (
	"fmt"
	"strconv"
	"time"

	"topicwire/aggregator/parse"
)

// parserSince returns when this version of the parser first met this database:
// within a day from then, what older ones read is read anew (BEHAVIOUR F-07).
func (a *app) parserSince() (time.Time, error) {
	key := fmt.Sprintf("parser_%d_since", parse.Version)
	stored, err := a.store.SetMetaOnce(a.ctx, key, strconv.FormatInt(a.now().Unix(), 10))
	if err != nil {
		return time.Time{}, err
	}
	seconds, err := strconv.ParseInt(stored, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s in the database is %q, not a time", key, stored)
	}
	return time.Unix(seconds, 0), nil
}
