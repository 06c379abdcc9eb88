package main

import (
	"encoding/json"
	"fmt"
)

// work is that of your application. It runs after the response, once for each webhook-id; again only if it was killed.
func work(id string, body []byte) error {
	var event struct {
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return err
	}
	fmt.Println("processed", id, event.Type)
	return nil
}
