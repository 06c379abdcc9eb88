import { endpointNetwork } from '../faults/plan-faults.ts';
import { kafkaNetwork } from '../faults/plan-outages.ts';
import { TcpProxy } from '../faults/tcp-proxy.ts';
import type { ChaosOptions } from './options.ts';

// npm start gives broker N the port base + 19 + N, and uses no port from base + 96 on.
const firstBrokerOffset = 20;
const advertisedOffset = 80;
const host = '127.0.0.1';

/** The proxies of a run: one in front of each broker that may be broken, and one in front of all endpoints. */
export type Networks = Readonly<{
  /** Those that a fault of a target breaks: one, or those of all brokers. */
  byTarget: ReadonlyMap<string, readonly TcpProxy[]>;
  /** Tells the brokers of `npm start` to send clients, and one another, to the proxies. */
  env: Readonly<Record<string, string>>;
  /** Puts the proxy in front of the endpoints at this URL. Returns its URL. */
  joinEndpoints: (url: string) => Promise<string>;
  close: () => void;
}>;

/** Opens the proxies in front of the brokers, before these run. */
export const openNetworks = async ({
  brokers,
  portBase,
}: Pick<ChaosOptions, 'brokers' | 'portBase'>): Promise<Networks> => {
  const byTarget = new Map<string, readonly TcpProxy[]>();
  for (let index = 0; brokers > 1 && index < brokers; index += 1) {
    const port = portBase + firstBrokerOffset + index;
    const proxy = new TcpProxy({ host, port });
    await proxy.listen(port + advertisedOffset);
    byTarget.set(`broker-${index + 1}`, [proxy]);
  }
  if (byTarget.size > 0) byTarget.set(kafkaNetwork, [...byTarget.values()].flat());
  return {
    byTarget,
    env: byTarget.size > 0 ? { KAFKA_ADVERTISED_PORT_OFFSET: String(advertisedOffset) } : {},
    joinEndpoints: async (url) => {
      const proxy = new TcpProxy({ host, port: Number(new URL(url).port) });
      byTarget.set(endpointNetwork, [proxy]);
      return `http://${host}:${await proxy.listen(0)}`;
    },
    close: () => {
      for (const proxy of new Set([...byTarget.values()].flat())) proxy.close();
    },
  };
};
