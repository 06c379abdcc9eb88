import type { Principal, Route } from '@tidings/http';
import type { Bus, Erasures } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import { keyRing } from '@tidings/runtime';
import type { configSpec } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { streamRoutes } from './adapters/stream-routes.ts';
import { StreamTickets, type UsedTickets } from './adapters/stream-ticket.ts';
import { LiveStreams } from './live-streams.ts';

type Context = Pick<
  ServiceContext<typeof configSpec, typeof metricsCatalogue>,
  'config' | 'clock' | 'logger' | 'metrics'
>;

/** The dependencies of the stream besides the context of the service. */
export type StreamParts = Readonly<{
  bus: Bus;
  erasures: Pick<Erasures, 'covers' | 'ready'>;
  isStillValid: (principal: Principal) => boolean;
  keys: UsedTickets;
}>;

/** Opens the live stream. `close` ends all streams; the server waits for them, so call it before that closes. */
export function openStream(
  { config, clock, logger, metrics }: Context,
  { bus, erasures, isStillValid, keys }: StreamParts,
): Readonly<{ routes: readonly Route[]; close: () => Promise<void> }> {
  const streams = new LiveStreams({
    ...{ bus, erasures, clock, logger, metrics: metrics.handles, maxStreams: config.maxStreams },
  });
  const tickets = new StreamTickets(keyRing(config.sealingKeys), clock, keys);
  return { routes: streamRoutes({ streams, tickets, isStillValid }), close: async () => streams.close() };
}
