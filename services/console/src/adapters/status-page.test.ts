import { describe, expect, it } from 'vitest';
import type { ServiceState } from '../domain/service-state.ts';
import { html } from './markup.ts';
import { renderOperatorPage } from './status-page.ts';

const ready: ServiceState = {
  name: 'ingress',
  url: 'http://127.0.0.1:1',
  state: 'ready',
  tookMs: 2,
  problems: [],
  parts: [{ name: 'event-log', state: 'up' }],
};

describe('the status page', () => {
  it('states that all services are ready', () => {
    const page = renderOperatorPage([ready]);
    expect(page).toContain('All 1 services are ready.');
    expect(page).toContain('<title>Tidings</title>');
    expect(page).toContain('href="http://127.0.0.1:1/metrics"');
    expect(page).toContain('answered in 2 ms · 1 part');
  });

  it('states the problem of each service', () => {
    const page = renderOperatorPage([
      ready,
      { ...ready, name: 'fanout', state: 'unreachable', problems: ['refused'] },
    ]);
    expect(page).toContain('Not ready: fanout.');
    expect(page).toContain('<title>(1) Tidings</title>');
    expect(page).toContain('<li>refused</li>');
  });

  it('loads nothing from other origins', () => {
    const page = renderOperatorPage([ready]).replaceAll('href="http://127.0.0.1:1', '');
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('escapes texts of services', () => {
    const page = renderOperatorPage([
      { ...ready, state: 'not-ready', problems: ['<script>alert(1)</script>'] },
    ]);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toContain('<script>alert');
  });
});

describe('html', () => {
  it('escapes values, also in attributes and lists, and keeps markup', () => {
    const inner = html`<b>${'a & b'}</b>`;
    expect(html`<i title="${'"\''}">${[inner, 1, '<']}</i>`.text).toBe(
      '<i title="&quot;&#39;"><b>a &amp; b</b>1&lt;</i>',
    );
  });
});
