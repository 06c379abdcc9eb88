package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// The public key of the endpoint, whpk_…; while it is being rotated both, separated by a comma.
var keys = strings.Split(os.Getenv("WEBHOOK_PUBLIC_KEY"), ",")

// isGenuine returns true if the request was signed with the key pair, and is at most five minutes old.
func isGenuine(header http.Header, body []byte) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	content := append([]byte(id+"."+timestamp+"."), body...)
	for _, given := range strings.Split(header.Get("webhook-signature"), " ") {
		text, isV1a := strings.CutPrefix(given, "v1a,")
		signature, err := base64.StdEncoding.DecodeString(text)
		if !isV1a || err != nil {
			continue
		}
		for _, key := range keys {
			public, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whpk_"))
			if err == nil && len(public) == ed25519.PublicKeySize && ed25519.Verify(public, content, signature) {
				return true
			}
		}
	}
	return false
}

func receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // the bytes as they came, before any parsing
	if err != nil || !isGenuine(r.Header, body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	// Store webhook-id, and skip ids that you know: a webhook can arrive more than once.
	log.Printf("%s %s", r.Header.Get("webhook-id"), body)
	w.WriteHeader(http.StatusNoContent)
}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "3000"
	}
	log.Fatal(http.ListenAndServe(":"+port, http.HandlerFunc(receive)))
}
