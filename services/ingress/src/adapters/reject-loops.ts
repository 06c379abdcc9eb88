import type { IncomingMessage, ServerResponse } from 'node:http';
import { isOwnRequest, loopHeaderName } from '@tidings/contracts';
import type { Metrics } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';

/**
 * Refuses what this installation delivered to itself (508): every event would make the next one. Before the key is looked
 * at, since the one who set the loop up may well have sent a valid one along. An empty `loopId` refuses nothing.
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
