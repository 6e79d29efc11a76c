//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"topicwire/aggregator"
)

// lockFile takes the lock beside a SQLite file. The lock ends with the process
// that holds it; the file stays.
func lockFile(path string) (unlock func(), err error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock database %s: %w", path, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s", aggregator.ErrLocked, path)
		}
		return nil, fmt.Errorf("lock database %s by %s: %w", path, name, err)
	}
	return func() { f.Close() }, nil
}
