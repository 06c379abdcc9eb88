import type { IncomingMessage, ServerResponse } from 'node:http';
import { isOwnRequest, loopHeaderName } from '@tidings/contracts';
import type { Metrics } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';

/**
 * Rejects requests that this installation delivered to itself (508): every event would cause the next one. Runs
 * before authentication, because a request in such a loop may carry a valid key. An empty `loopId` rejects nothing.
 */
export const rejectLoops =
  (loopId: string, metrics: Metrics<typeof metricsCatalogue>['handles']) =>
  (request: IncomingMessage, _response: ServerResponse, next: () => void): void => {
    if (loopId === '' || !isOwnRequest(request.headers[loopHeaderName], loopId)) {
      next();
      return;
    }
    metrics.events.inc({ outcome: 'loop' });
    const message = 'This is a delivery of ours: its subscription names this ingress as the endpoint.';
    throw new AppError({ code: 'loop-detected', message, isPublic: true });
  };
