import { Agent, type ServerResponse } from 'node:http';
import { problem } from '@tidings/http';
import type { RoutedService } from '../domain/route-table.ts';

const maxSocketsPerService = 256;
const maxIdleSockets = 32;
const retryAfterMs = 2_000;

const agentOf = (maxSockets: number): Agent =>
  new Agent({ keepAlive: true, maxSockets, maxFreeSockets: maxIdleSockets, scheduling: 'lifo' });

/**
 * The pooled connections to services. Requests to ingress never wait for one, unseen by its limits: it gets all of them at once,
 * up to a maximum, and decides itself which are too many.
 */
export class UpstreamConnections {
  readonly #maxIngressRequests: number;
  readonly #agent = agentOf(maxSocketsPerService);
  readonly #ingressAgent = agentOf(Infinity);
  #ingressRequests = 0;

  constructor(maxIngressRequests: number) {
    this.#maxIngressRequests = maxIngressRequests;
  }

  /** Counts a request until its response ends. Responds 503 and returns false if as many as may be are in progress. */
  admit(target: RoutedService, response: ServerResponse): boolean {
    if (target !== 'ingress') return true;
    if (this.#ingressRequests >= this.#maxIngressRequests) {
      const detail = `${this.#ingressRequests} requests to ingress are in progress, the maximum: nothing was written. Repeat the request later.`;
      // Not thrown: the log would have a line for each, which costs more than the response.
      problem(response, { status: 503, code: 'unavailable', detail, retryAfterMs });
      return false;
    }
    this.#ingressRequests += 1;
    response.once('close', () => {
      this.#ingressRequests -= 1;
    });
    return true;
  }

  /** Returns the connections to a service. */
  to(target: RoutedService): Agent {
    return target === 'ingress' ? this.#ingressAgent : this.#agent;
  }

  /** Ends idle connections. */
  close(): void {
    for (const agent of [this.#agent, this.#ingressAgent]) agent.destroy();
  }
}
