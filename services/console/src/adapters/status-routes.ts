import { createHash } from 'node:crypto';
import type { Express } from 'express';
import type { CollectStates } from '../collect-states.ts';
import { pageScript, pageStyle, renderStatusPage } from './status-page.ts';

/** GET / (the page) and GET /status (the same as JSON). */
export function mountStatusRoutes(app: Express, collectStates: CollectStates): void {
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
    response.type('html').send(renderStatusPage(states));
  });
  app.get('/status', async (_request, response) => {
    response.set('cache-control', 'no-store').json({ services: await collectStates() });
  });
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
