import { readFileSync } from 'node:fs';

import type { PortNeed } from './ports.ts';

/** The ports that a system assigns to outgoing connections, both ends included. */
export type PortRange = Readonly<{ first: number; last: number }>;

// RFC 6335 section 6, as on macOS and Windows; Linux reports its own range.
const dynamicPorts: PortRange = { first: 49_152, last: 65_535 };
const linuxSetting = '/proc/sys/net/ipv4/ip_local_port_range';

/**
 * Reads the range from which this system assigns ports; returns the dynamic ports of RFC 6335 if the system does not
 * report it.
 */
export function ephemeralPorts(file = linuxSetting): PortRange {
  try {
    const [, first, last] = /^(\d+)\s+(\d+)\s*$/.exec(readFileSync(file, 'utf8')) ?? [];
    return first === undefined ? dynamicPorts : { first: Number(first), last: Number(last) };
  } catch {
    // Not Linux.
    return dynamicPorts;
  }
}

/** Returns a warning if an outgoing connection may occupy a port of the stack first; null if none can. */
export function warnOfEphemeral(needs: readonly PortNeed[], { first, last }: PortRange): string | null {
  const within = needs.filter(({ port }) => port >= first && port <= last).map(({ port }) => port);
  if (within.length === 0) return null;
  const highest =
    first - 1 - (Math.max(...needs.map(({ port }) => port)) - Math.min(...needs.map(({ port }) => port)));
  return (
    `this system hands out the ports ${first} to ${last} to outgoing connections, so ${within.length} of the ` +
    `stack's ports (${Math.min(...within)} to ${Math.max(...within)}) may be taken when a part starts again. ` +
    (highest > 0 ? `Choose a --port-base of at most ${highest}.` : 'Choose another --port-base.')
  );
}
