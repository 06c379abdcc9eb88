import { createHash } from 'node:crypto';
import type { Express } from 'express';
import type { CollectStates } from '../collect-states.ts';
import { pageScript, pageStyle } from './page-assets.ts';
import { renderOperatorPage } from './status-page.ts';

/** Mounts GET / (the page with addresses, parts and reasons) and GET /status (the same as JSON), for operators only. */
export function mountOperatorRoutes(app: Express, collectStates: CollectStates): void {
  mountPage(app, collectStates);
  app.get('/status', async (_request, response) => {
    response.set('cache-control', 'no-store').json({ services: await collectStates() });
  });
}

function mountPage(app: Express, collectStates: CollectStates): void {
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(pageStyle)}'`,
    `script-src '${hashOf(pageScript)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  app.get('/', async (_request, response) => {
    const states = await collectStates();
    response.set({
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    response.type('html').send(renderOperatorPage(states));
  });
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
