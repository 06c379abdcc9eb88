package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The secret of the endpoint, whsec_…; while it is being rotated both, separated by a comma.
var secrets = strings.Split(os.Getenv("WEBHOOK_SECRET"), ",")

const maxBytes = 1024 * 1024

var fileName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// isGenuine returns true if the request was signed with the secret, and is at most five minutes old.
func isGenuine(header http.Header, body []byte) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 {
			continue
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + timestamp + "."))
		mac.Write(body)
		expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, given := range strings.Split(header.Get("webhook-signature"), " ") {
			if hmac.Equal([]byte(given), []byte(expected)) {
				return true
			}
		}
	}
	return false
}

// receive returns the status of the response.
func receive(inbox *Inbox, w http.ResponseWriter, r *http.Request) int {
	// The bytes as they came, before any parsing.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	if err != nil {
		return http.StatusRequestEntityTooLarge
	}
	if !isGenuine(r.Header, body) {
		return http.StatusUnauthorized
	}
	id := r.Header.Get("webhook-id")
	if !fileName.MatchString(id) {
		return http.StatusBadRequest
	}
	if err := inbox.Store(id, body); err != nil {
		log.Print(err)
		return http.StatusInternalServerError // not stored: the sender sends it again
	}
	return http.StatusNoContent
}

// setting returns a variable of the environment, or its default.
func setting(name, byDefault string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return byDefault
}

func main() {
	if secrets[0] == "" {
		log.Fatal("Set WEBHOOK_SECRET to the secret of the endpoint, whsec_…")
	}
	inbox, err := OpenInbox(setting("INBOX", "inbox"))
	if err != nil {
		log.Fatal(err)
	}
	go inbox.ProcessForever(work)
	handler := func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(receive(inbox, w, r)) }
	server := http.Server{
		Addr:        ":" + setting("PORT", "3000"),
		Handler:     http.HandlerFunc(handler),
		ReadTimeout: 30 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}
