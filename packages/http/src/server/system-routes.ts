import { metricsMediaTypes, type TextFormat } from '@tidings/observability';
import { errorCodes, type Health } from '@tidings/runtime';
import type { Express } from 'express';
import { problemTable } from '../problems/problem-table.ts';

// A scraper that can read OpenMetrics prefers it. Parameters differ between versions of Prometheus, such as `escaping`.
const asksForOpenMetrics = (accept = ''): boolean =>
  accept
    .split(',')
    .some((range) => /^\s*application\/openmetrics-text(?!.*;\s*(version=0\.|q=0(\.0*)?\s*$))/.test(range));

/** The dependencies of the routes that every service has; without `metrics` there is no /metrics. */
export type SystemParts = Readonly<{
  service: string;
  health: Health;
  metrics?: Readonly<{ text: (format?: TextFormat) => Promise<string> }>;
}>;

/**
 * Mounts /live (503 only if a restart is the remedy), /ready (503 with the failed parts if traffic should go
 * elsewhere), /metrics (Prometheus text, or OpenMetrics for those that prefer it) and /problems/:code, the page that a problem's `type` links to.
 */
export function mountSystemRoutes(app: Express, { service, health, metrics }: SystemParts): void {
  app.get('/live', (_request, response) => {
    const { live } = health.report();
    response.status(live ? 200 : 503).json({ service, live });
  });
  app.get('/ready', (_request, response) => {
    const { ready, parts } = health.report();
    response
      .status(ready ? 200 : 503)
      .set('cache-control', 'no-store')
      .json({ service, ready, parts });
  });
  if (metrics !== undefined) {
    app.get('/metrics', async (request, response) => {
      const format = asksForOpenMetrics(request.headers.accept) ? 'openmetrics' : 'prometheus';
      response.type(metricsMediaTypes[format]).send(await metrics.text(format));
    });
  }
  app.get('/problems/:code', (request, response, next) => {
    const code = errorCodes.find((known) => known === request.params.code);
    if (code === undefined) next();
    else response.json({ code, ...problemTable[code] });
  });
}
