import base64, hashlib, hmac, json, os, re, sys, threading, time, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# The secret of the endpoint, whsec_…; while it is being rotated both, separated by a comma.
SECRETS = [secret for secret in os.environ.get("WEBHOOK_SECRET", "").split(",") if secret]
MAX_BYTES = 1024 * 1024

# `waiting` has a file for each webhook that is still to be processed, and `done` an empty one for each that was.
INBOX = Path(os.environ.get("INBOX", "inbox"))
WAITING, DONE = INBOX / "waiting", INBOX / "done"
wake = threading.Event()


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


def store(webhook_id, body):
    """Stores a webhook, unless it is waiting already. After that it is on the disk: respond 2xx."""
    draft = INBOX / f"{uuid.uuid4()}.draft"
    with open(draft, "xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link appears with its whole content, or fails because there is one of that name.
        os.link(draft, WAITING / webhook_id)
    except FileExistsError:
        pass
    draft.unlink()
    wake.set()


def work(webhook_id, event):
    """The work of your application. It runs after the response, once for each webhook-id; again only if it was killed."""
    print(f"processed {webhook_id} {event['type']}", flush=True)


def process_all():
    """Processes what waits, also what was stored before a crash. What fails stays until the next time."""
    for file in list(WAITING.iterdir()):
        try:
            if not (DONE / file.name).exists():
                work(file.name, json.loads(file.read_bytes()))
                (DONE / file.name).touch()
            file.unlink()  # after the mark in `done`: a crash in between costs nothing
        except Exception as error:
            print(f"{file.name} failed: {error}", file=sys.stderr)


def process_forever():
    while True:
        wake.clear()
        process_all()
        wake.wait()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds without a byte

    def receive(self):
        length = self.headers.get("content-length", "")
        if not re.fullmatch(r"[0-9]{1,12}", length):
            return 411
        if int(length) > MAX_BYTES:
            return 413
        # The bytes as they came, before any parsing.
        body = self.rfile.read(int(length))
        if not is_genuine(self.headers, body):
            return 401
        webhook_id = self.headers["webhook-id"]
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", webhook_id):
            return 400  # it becomes the name of a file
        store(webhook_id, body)
        return 204

    def do_POST(self):
        try:
            status = self.receive()
        except OSError as error:
            print(error, file=sys.stderr)
            status = 500  # not stored: the sender sends it again
        self.send_response(status)
        if status in (411, 413, 500):
            self.send_header("connection", "close")
        if status != 204:
            self.send_header("content-length", "0")
        self.end_headers()


if not SECRETS:
    sys.exit("Set WEBHOOK_SECRET to the secret of the endpoint, whsec_…")
WAITING.mkdir(parents=True, exist_ok=True)
DONE.mkdir(exist_ok=True)
threading.Thread(target=process_forever, daemon=True).start()
ThreadingHTTPServer(("", int(os.environ.get("PORT", "3000"))), Receiver).serve_forever()
