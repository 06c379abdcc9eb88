import { Socket } from 'node:net';
import type { RequestOutcome } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { expect, onTestFinished } from 'vitest';
import { type Dial, dialTcp } from '../connection/dial-first.ts';
import { createEgress, type Egress, type EgressOptions, type EgressRequest } from '../create-egress.ts';
import type { Resolver } from '../dns/resolver.ts';
import type { NetworkPolicy } from '../policy/network-policy.ts';
import { parseNetworks } from '../policy/networks.ts';

/** A policy without exemptions. */
export const closedPolicy: NetworkPolicy = { allowedNetworks: [], allowHttp: false };

/** A policy that exempts loopback, as in the local stack. */
export const loopbackPolicy: NetworkPolicy = {
  allowedNetworks: parseNetworks('127.0.0.0/8,::1/128'),
  allowHttp: false,
};

/** A public address that no test connects to: every dial of a test is checked. */
export const publicAddress = '93.184.215.14';

/** Creates a resolver that answers from a table and counts the queries. */
export function tableResolver(
  table: Readonly<Record<string, readonly string[]>>,
): Resolver & { queried: string[] } {
  const queried: string[] = [];
  return {
    queried,
    resolve: async (hostname) => {
      queried.push(hostname);
      const addresses = table[hostname];
      if (addresses === undefined) throw new Error(`no address for '${hostname}': ENOTFOUND`);
      return { addresses, ttlMs: 60_000 };
    },
  };
}

/** Creates a dial that records the address and fails as refused. */
export function refusingDial(): { dial: Dial; dialled: string[] } {
  const dialled: string[] = [];
  const dial: Dial = (address) => {
    dialled.push(address);
    const socket = new Socket();
    queueMicrotask(() => socket.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })));
    return socket;
  };
  return { dial, dialled };
}

/** Dials loopback addresses only. */
const dialLoopback: Dial = (address, port) => {
  if (!address.startsWith('127.') && address !== '::1') throw new Error(`a test dialled ${address}`);
  return dialTcp(address, port);
};

/** Creates an egress that is closed after the test and then checked for leaked sockets and pending acquires. */
export function openEgress(options: Partial<EgressOptions> = {}): Egress {
  const egress = createEgress({ policy: loopbackPolicy, dial: dialLoopback, ...options });
  onTestFinished(async () => {
    await egress.close();
    expect(egress.stats()).toEqual({ sockets: 0, idle: 0, waiting: 0, origins: 0 });
  });
  return egress;
}

/** Creates a request with defaults: an empty JSON object, two seconds. */
export function aRequest(url: string, overrides: Partial<EgressRequest> = {}): EgressRequest {
  return {
    url,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{}'),
    timeoutMs: 2_000,
    ...overrides,
  };
}

/** Returns an outcome without its timings and body. */
export function briefly(outcome: RequestOutcome): string {
  switch (outcome.kind) {
    case 'response':
      return `response ${outcome.status}`;
    case 'failed':
      return outcome.reason;
    case 'aborted':
      return 'aborted';
  }
}

/** Waits until the egress holds only idle sockets. */
export async function settled(egress: Egress): Promise<void> {
  await eventually(
    () => {
      const { sockets, idle, waiting } = egress.stats();
      expect({ busy: sockets - idle, waiting }).toEqual({ busy: 0, waiting: 0 });
    },
    { everyMs: 5, timeoutMs: 3_000 },
  );
}
