import base64, json, os, re, time
from http.server import BaseHTTPRequestHandler, HTTPServer

# pip install cryptography
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# The public key of the endpoint, whpk_…; while it is being rotated both, separated by a comma.
KEYS = [
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
    for key in os.environ["WEBHOOK_PUBLIC_KEY"].split(",")
]


def is_signed(key, signature, content):
    try:
        key.verify(base64.b64decode(signature), content)
        return True
    except (InvalidSignature, ValueError):
        return False


def is_genuine(headers, body):
    """Returns True if the request was signed with the key pair, and is at most five minutes old."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > 300:
        return False
    content = f"{webhook_id}.{timestamp}.".encode() + body
    return any(
        is_signed(key, given[len("v1a,"):], content)
        for given in headers.get("webhook-signature", "").split(" ")
        if given.startswith("v1a,")
        for key in KEYS
    )


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
