/** Renders the inbox as one self-contained page; its script fetches /webhooks.json every second. */
export function inboxPage(curl: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Demo inbox · Tidings</title>
<style>${style}</style>
</head>
<body>
<header>
  <h1>Demo inbox</h1>
  <p>The endpoint of the demo subscription. It verifies the signature of each webhook and lists the last 50. <span id="live" role="status">Connecting…</span></p>
</header>
<main>
  <section id="empty">
    <h2>No webhooks yet</h2>
    <p>The demo subscription matches every event named <code>demo.*</code>. Publish one:</p>
    <pre tabindex="0"><code id="curl">${escapeHtml(curl)}</code></pre>
    <button type="button" id="copy">Copy the command</button>
  </section>
  <ol id="list" aria-label="Webhooks, newest first"></ol>
</main>
<script>${script}</script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const style = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6575; --line: #d9dee7; --paper: #ffffff; --ground: #f5f7fa; --good: #0f7a45; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf1; --soft: #9aa5b6; --line: #323b4a; --paper: #1a202b; --ground: #11151c; --good: #58c98c; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 60rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.4rem; margin: 0; }
header p { margin: .25rem 0 1.5rem; color: var(--soft); }
h2 { font-size: 1.05rem; margin: 0 0 .25rem; }
section, li { background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.25rem; }
pre { overflow-x: auto; background: var(--ground); border: 1px solid var(--line); border-radius: .4rem; padding: .75rem; margin: .75rem 0; font-size: .85rem; }
section pre { white-space: pre-wrap; word-break: break-all; }
button { font: inherit; padding: .4rem .9rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--paper); color: var(--ink); cursor: pointer; }
ol { list-style: none; margin: 0; padding: 0 0 2rem; display: grid; gap: .6rem; }
li summary { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; cursor: pointer; }
li .type { font-weight: 600; }
li .id { color: var(--soft); font: .85rem ui-monospace, monospace; word-break: break-all; }
li .when { color: var(--soft); margin-left: auto; }
.good { color: var(--good); } .bad { color: var(--bad); }
[hidden] { display: none; }
`;

/** The script sets text from the network only as textContent. */
const script = `
const list = document.getElementById('list');
const empty = document.getElementById('empty');
const live = document.getElementById('live');
let shown = '';
function cell(name, text) {
  const element = document.createElement('span');
  element.className = name;
  element.textContent = text;
  return element;
}
function row(entry) {
  const item = document.createElement('li');
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  const good = entry.verification === 'verified';
  const age = entry.ageMs === null ? '' : ' · ' + entry.ageMs + ' ms after acceptance';
  summary.append(
    cell('type', entry.eventType),
    cell(good ? 'good' : 'bad', good ? 'signature verified' : 'rejected: ' + entry.verification),
    ...(entry.status === 503 ? [cell('bad', 'answered 503 on purpose')] : []),
    cell('id', entry.webhookId),
    cell('when', new Date(entry.receivedAt).toLocaleTimeString() + age),
  );
  const body = document.createElement('pre');
  try { body.textContent = JSON.stringify(JSON.parse(entry.body), null, 2); } catch { body.textContent = entry.body; }
  details.append(summary, body);
  item.append(details);
  return item;
}
async function refresh() {
  try {
    const { data } = await (await fetch('/webhooks.json')).json();
    const now = data.length + (data[0] ? data[0].receivedAt + data[0].webhookId : '');
    if (now !== shown) {
      shown = now;
      list.replaceChildren(...data.map(row));
      empty.hidden = data.length > 0;
    }
    live.textContent = 'Live.';
    live.className = 'good';
  } catch {
    live.textContent = 'The stack does not respond; retrying.';
    live.className = 'bad';
  }
  setTimeout(refresh, 1000);
}
document.getElementById('copy').addEventListener('click', async (event) => {
  await navigator.clipboard.writeText(document.getElementById('curl').textContent);
  event.target.textContent = 'Copied';
});
refresh();
`;
