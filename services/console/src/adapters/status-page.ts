import { routeTable } from '../domain/route-table.ts';
import type { ServiceState } from '../domain/service-state.ts';
import { html, type Markup, raw } from './markup.ts';
import { pageScript, pageStyle } from './page-assets.ts';

/** The purpose of each service, in one line. */
const purposes: Readonly<Record<string, string>> = {
  ingress: 'takes events in and keeps them in Kafka before it says yes',
  subscription: 'keeps who wants what, and publishes each change',
  fanout: 'matches each event to the subscriptions that want it',
  delivery: 'signs, sends and retries',
  history: 'remembers every event, delivery and attempt',
};

/** Returns the service of an instance such as `ingress-2`. */
const serviceOf = ({ name }: ServiceState): string => name.replace(/-\d+$/, '');

const stateWords: Readonly<Record<ServiceState['state'], string>> = {
  ready: 'ready',
  'not-ready': 'not ready',
  unreachable: 'no answer',
};

// The page is self-contained: it loads no font, script or image from elsewhere.
/** Renders the operators' page: the state of each service, its address, its parts, and its problems. */
export function renderOperatorPage(states: readonly ServiceState[]): string {
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
  const notReady = states.filter(({ state }) => state !== 'ready').length;
  return notReady === 0 ? 'Tidings' : `(${notReady}) Tidings`;
}

function summary(states: readonly ServiceState[]): Markup {
  const notReady = states.filter(({ state }) => state !== 'ready').map(({ name }) => name);
  if (notReady.length === 0)
    return html`<p class="summary ready">All ${states.length} ${isSeveral(states) ? 'instances' : 'services'} are ready.</p>`;
  return html`<p class="summary not-ready">Not ready: ${notReady.join(', ')}.</p>`;
}

const isSeveral = (states: readonly ServiceState[]): boolean =>
  states.some((state) => serviceOf(state) !== state.name);

function pipeline(states: readonly ServiceState[]): Markup {
  const dot = (name: string) => {
    const instances = states.filter((one) => serviceOf(one) === name);
    // A service works while one of its instances does.
    const state = (['ready', 'not-ready'] as const).find((wanted) =>
      instances.some((one) => one.state === wanted),
    );
    return html`<b class="${state ?? 'unreachable'}">${name}</b>`;
  };
  return html`<p class="pipeline">event <i>→</i> ${dot('ingress')} <i>→</i> <code>events</code> <i>→</i> ${dot('fanout')} <i>→</i> <code>deliveries</code> <i>→</i> ${dot('delivery')} <i>→</i> endpoint <i>·</i> <code>attempts</code> <i>→</i> ${dot('history')} <i>·</i> ${dot('subscription')} <i>→</i> <code>subscriptions</code></p>`;
}

function card(service: ServiceState): Markup {
  const { name, state } = service;
  return html`<li class="card ${state}"><h3>${name} <span class="state">${stateWords[state]}</span></h3>
<p>${purposes[serviceOf(service)] ?? ''}</p>
${details(service)}</li>`;
}

function details({ url, tookMs, problems, parts }: ServiceState): Markup {
  const links = ['ready', 'metrics'].map((path) => html`<a href="${url}/${path}">/${path}</a> `);
  const facts = [
    ...(tookMs === null ? [] : [`answered in ${tookMs} ms`]),
    ...(parts.length === 0 ? [] : [`${parts.length} ${parts.length === 1 ? 'part' : 'parts'}`]),
  ];
  return html`${problems.length === 0 ? '' : html`<ul class="problems">${problems.map((problem) => html`<li>${problem}</li>`)}</ul>`}
<p class="meta"><code>${url}</code> ${facts.join(' · ')}<br>${links}</p>`;
}
