import { routeTable } from '../domain/route-table.ts';
import type { ServiceState } from '../domain/service-state.ts';
import { html, type Markup, raw } from './markup.ts';

/** What each service does, in a line. */
const purposes: Readonly<Record<string, string>> = {
  ingress: 'takes events in and keeps them in Kafka before it says yes',
  subscription: 'keeps who wants what, and publishes each change',
  fanout: 'matches each event to the subscriptions that want it',
  delivery: 'signs, sends and retries',
  history: 'remembers every event, delivery and attempt',
};

const stateWords: Readonly<Record<ServiceState['state'], string>> = {
  ready: 'ready',
  'not-ready': 'not ready',
  unreachable: 'no answer',
};

/** The whole page. Everything in it is its own: no font, script or image comes from elsewhere. */
export function renderStatusPage(states: readonly ServiceState[]): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${titleOf(states)}</title>
<style>${raw(pageStyle)}</style>
</head>
<body>
<header>
<h1>Tidings</h1>
<p>Events in, signed webhooks out, nothing lost on the way.</p>
</header>
<main id="live" aria-live="polite">
${summary(states)}
${pipeline(states)}
<section aria-labelledby="services"><h2 id="services">Services</h2>
<ul class="cards">${states.map(card)}</ul>
</section>
</main>
<section aria-labelledby="routes"><h2 id="routes">API</h2>
<p>One origin for everything under <code>/v1</code>; send your key as <code>Authorization: Bearer …</code>.</p>
<table><thead><tr><th scope="col">path</th><th scope="col">answered by</th></tr></thead>
<tbody>${routeTable.map(({ pattern, service }) => html`<tr><td><code>${pattern.replace('/*', '')}</code></td><td>${service}</td></tr>`)}</tbody></table>
</section>
<footer>The same as JSON: <a href="/status">/status</a>. This process: <a href="/ready">/ready</a>, <a href="/metrics">/metrics</a>. <span id="age"></span></footer>
<script>${raw(pageScript)}</script>
</body>
</html>
`;
  return page.text;
}

function titleOf(states: readonly ServiceState[]): string {
  const troubled = states.filter(({ state }) => state !== 'ready').length;
  return troubled === 0 ? 'Tidings' : `(${troubled}) Tidings`;
}

function summary(states: readonly ServiceState[]): Markup {
  const troubled = states.filter(({ state }) => state !== 'ready').map(({ name }) => name);
  if (troubled.length === 0)
    return html`<p class="summary ready">All ${states.length} services are ready.</p>`;
  return html`<p class="summary not-ready">Not ready: ${troubled.join(', ')}.</p>`;
}

function pipeline(states: readonly ServiceState[]): Markup {
  const dot = (name: string) => {
    const state = states.find((one) => one.name === name)?.state ?? 'unreachable';
    return html`<b class="${state}">${name}</b>`;
  };
  return html`<p class="pipeline">event <i>→</i> ${dot('ingress')} <i>→</i> <code>events</code> <i>→</i> ${dot('fanout')} <i>→</i> <code>deliveries</code> <i>→</i> ${dot('delivery')} <i>→</i> endpoint <i>·</i> <code>attempts</code> <i>→</i> ${dot('history')} <i>·</i> ${dot('subscription')} <i>→</i> <code>subscriptions</code></p>`;
}

function card({ name, url, state, tookMs, troubles, parts }: ServiceState): Markup {
  const links = ['ready', 'metrics'].map((path) => html`<a href="${url}/${path}">/${path}</a> `);
  const facts = [
    ...(tookMs === null ? [] : [`answered in ${tookMs} ms`]),
    ...(parts.length === 0 ? [] : [`${parts.length} ${parts.length === 1 ? 'part' : 'parts'}`]),
  ];
  return html`<li class="card ${state}"><h3>${name} <span class="state">${stateWords[state]}</span></h3>
<p>${purposes[name] ?? ''}</p>
${troubles.length === 0 ? '' : html`<ul class="troubles">${troubles.map((trouble) => html`<li>${trouble}</li>`)}</ul>`}
<p class="meta"><code>${url}</code> ${facts.join(' · ')}<br>${links}</p></li>`;
}

/** The page's own style, light and dark. */
export const pageStyle = `
:root{--ink:#1c2430;--soft:#5a6577;--line:#dde2ea;--paper:#f6f7f9;--card:#fff;--good:#0a7d45;--warn:#a15c00;--bad:#b3261e;--link:#1a56c4}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf1;--soft:#9aa5b8;--line:#2b3340;--paper:#12161c;--card:#1a2029;--good:#4cc38a;--warn:#f0a94a;--bad:#ff8a80;--link:#8ab4ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2.5rem 1.25rem 3rem;max-width:62rem;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
h1{margin:0;font-size:2rem;letter-spacing:-.02em}
h2{margin:2.25rem 0 .75rem;font-size:1.15rem}
h3{display:flex;justify-content:space-between;gap:1rem;margin:0;font-size:1.05rem}
p{margin:.4rem 0}
header p,footer,.card p,.meta{color:var(--soft)}
code{font:.9em ui-monospace,monospace}
a{color:var(--link)}
a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.summary{margin-top:1.5rem;font-weight:600}
.pipeline{padding:.9rem 1rem;border:1px solid var(--line);border-radius:.6rem;background:var(--card);line-height:2}
.pipeline i{color:var(--soft);font-style:normal}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(17.5rem,1fr));gap:1rem;margin:0;padding:0;list-style:none}
.card{padding:1rem 1.1rem;border:1px solid var(--line);border-left:.3rem solid var(--tone);border-radius:.6rem;background:var(--card)}
.state{color:var(--tone);font-size:.85rem;font-weight:600;white-space:nowrap}
.ready{--tone:var(--good)}.not-ready{--tone:var(--warn)}.unreachable{--tone:var(--bad)}
.summary,.pipeline b{color:var(--tone)}
.troubles{margin:.5rem 0;padding-left:1.1rem;color:var(--tone);font-size:.9rem;overflow-wrap:anywhere}
.meta{font-size:.85rem;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line)}
th,td{padding:.4rem .8rem;border-bottom:1px solid var(--line);text-align:left}
th{color:var(--soft);font-size:.85rem;font-weight:600}
footer{margin-top:2rem;font-size:.9rem}
`;

/** Keeps the page up to date: what the server renders replaces what is shown, so there is one rendering only. */
export const pageScript = `
const live=document.getElementById('live'),age=document.getElementById('age');
async function refresh(){
  if(document.hidden)return;
  try{
    const text=await (await fetch('/',{cache:'no-store'})).text();
    const page=new DOMParser().parseFromString(text,'text/html');
    const next=page.getElementById('live');
    if(next&&next.innerHTML!==live.innerHTML)live.innerHTML=next.innerHTML;
    document.title=page.title;
    age.textContent='Up to date.';
  }catch{
    age.textContent='The console does not answer; what you see is from '+new Date().toLocaleTimeString()+' or before.';
  }
}
setInterval(refresh,2000);
document.addEventListener('visibilitychange',refresh);
`;
