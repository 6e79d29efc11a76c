package main

import (
	"fmt"
	"slices"

	"maps"

	"topicwire/store"
)

// DatabaseCmd keeps the database.
type DatabaseCmd struct {
	Backup  BackupCmd  `cmd:"" help:"Write a verified copy while the daemon runs on."`
	Restore RestoreCmd `cmd:"" help:"Put a verified copy in the database's place; the old one is kept aside."`
	Check   CheckCmd   `cmd:"" help:"Examine the database: integrity, and our own rules."`
	Migrate MigrateCmd `cmd:"" help:"Bring the database to this program's schema (serve does so by itself)."`
}

// BackupCmd writes a copy.
type BackupCmd struct {
	File string `arg:"" help:"File to write; must not exist."`
}

// Run runs the command.
func (c *BackupCmd) Run(e *env) error {
	st, err := e.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.Backup(e.ctx, c.File); err != nil {
		return err
	}
	e.say("backed up to %s", c.File)
	return nil
}

// RestoreCmd puts a copy in place.
type RestoreCmd struct {
	File string `arg:"" type:"existingfile" help:"A file that db backup wrote."`
}

// Run runs the command.
func (c *RestoreCmd) Run(e *env) error {
	dsn, err := e.databaseDSN()
	if err != nil {
		return err
	}
	kept, err := store.Restore(e.ctx, dsn, c.File)
	if err != nil {
		return err
	}
	e.say("restored %s from %s", dsn, c.File)
	if kept != "" {
		e.say("the database that was there is kept as %s", kept)
	}
	return nil
}

// CheckCmd examines the database.
type CheckCmd struct{}

// Run runs the command.
func (CheckCmd) Run(e *env) error {
	st, err := e.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	report, err := st.Check(e.ctx)
	if err != nil {
		return err
	}
	if e.cli.JSON {
		if err := e.printJSON(report); err != nil {
			return err
		}
	} else {
		e.printf("%s, schema %d, %.1f MB\n", report.Engine, report.Schema, float64(report.Bytes)/1e6)
		for _, table := range slices.Sorted(maps.Keys(report.Counts)) {
			e.printf("  %-12s %d\n", table, report.Counts[table])
		}
		for _, p := range report.Problems {
			e.printf("problem: %s\n", p)
		}
	}
	if !report.OK {
		return fmt.Errorf("%w: %d problems found; restore a backup with: topicwire db restore FILE", errDamaged, len(report.Problems))
	}
	if !e.cli.JSON {
		e.printf("ok\n")
	}
	return nil
}

// MigrateCmd brings the schema up to date.
type MigrateCmd struct{}

// Run runs the command.
func (MigrateCmd) Run(e *env) error {
	st, err := e.openStore() // opening migrates
	if err != nil {
		return err
	}
	defer st.Close()
	report, err := st.Check(e.ctx)
	if err != nil {
		return err
	}
	e.printf("%s, schema %d\n", report.Engine, report.Schema)
	return nil
}
