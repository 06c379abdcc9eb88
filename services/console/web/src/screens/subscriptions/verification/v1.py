import base64, hashlib, hmac, json, os, re, time
from http.server import BaseHTTPRequestHandler, HTTPServer

# The secret of the endpoint, whsec_…; while it is being rotated both, separated by a comma.
SECRETS = [secret for secret in os.environ["WEBHOOK_SECRET"].split(",") if secret]


def is_genuine(headers, body):
    """Returns True if the request was signed with the secret, and is at most five minutes old."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > 300:
        return False
    content = f"{webhook_id}.{timestamp}.".encode() + body
    for secret in SECRETS:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = hmac.new(key, content, hashlib.sha256).digest()
        expected = b"v1," + base64.b64encode(digest)
        for given in headers.get("webhook-signature", "").split(" "):
            if hmac.compare_digest(given.encode(), expected):
                return True
    return False


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        # The bytes as they came, before any parsing.
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_genuine(self.headers, body):
            self.send_response(401)
        else:
            # Store webhook-id, and skip ids that you know: a webhook can arrive more than once.
            print(self.headers["webhook-id"], json.loads(body))
            self.send_response(204)
        self.end_headers()


HTTPServer(("", int(os.environ.get("PORT", "3000"))), Receiver).serve_forever()
