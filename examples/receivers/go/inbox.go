package main

import (
	"errors"
	"io/fs"
	"log"
	"os"
	"path/filepath"
)

// Inbox is a folder: `waiting` has a file for each webhook that is still to be processed, and `done` an empty one for
// each that was, both named by webhook-id.
type Inbox struct {
	folder, waiting, done string
	wake                  chan struct{}
}

// OpenInbox creates the folders if they are missing.
func OpenInbox(folder string) (*Inbox, error) {
	inbox := &Inbox{folder, filepath.Join(folder, "waiting"), filepath.Join(folder, "done"), make(chan struct{}, 1)}
	if err := os.MkdirAll(inbox.waiting, 0o755); err != nil {
		return nil, err
	}
	return inbox, os.MkdirAll(inbox.done, 0o755)
}

// Store stores a webhook, unless it is waiting already. Without an error it is on the disk: respond 2xx.
func (inbox *Inbox) Store(id string, body []byte) error {
	draft, err := os.CreateTemp(inbox.folder, "*.draft")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	defer draft.Close()
	if _, err := draft.Write(body); err != nil {
		return err
	}
	if err := draft.Sync(); err != nil {
		return err
	}
	// A link appears with its whole content, or fails because there is one of that name.
	if err := os.Link(draft.Name(), filepath.Join(inbox.waiting, id)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	select {
	case inbox.wake <- struct{}{}:
	default: // it will look already
	}
	return nil
}

// ProcessForever processes what waits, also what was stored before a crash. What fails stays until the next time.
func (inbox *Inbox) ProcessForever(work func(id string, body []byte) error) {
	for {
		entries, err := os.ReadDir(inbox.waiting)
		if err != nil {
			log.Fatal(err)
		}
		for _, entry := range entries {
			if err := inbox.process(entry.Name(), work); err != nil {
				log.Printf("%s failed: %v", entry.Name(), err)
			}
		}
		<-inbox.wake
	}
}

func (inbox *Inbox) process(id string, work func(id string, body []byte) error) error {
	file, mark := filepath.Join(inbox.waiting, id), filepath.Join(inbox.done, id)
	if _, err := os.Stat(mark); errors.Is(err, fs.ErrNotExist) {
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := work(id, body); err != nil {
			return err
		}
		if err := os.WriteFile(mark, nil, 0o644); err != nil {
			return err
		}
	}
	// After the mark in `done`: a crash in between costs nothing.
	return os.Remove(file)
}
