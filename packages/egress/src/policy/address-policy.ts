import { networkInterfaces } from 'node:os';
import type { NetworkPolicy } from './network-policy.ts';
import {
  type Address,
  type Cidr,
  canonicalAddress,
  contains,
  findNetwork,
  parseAddress,
  parseNetworks,
} from './networks.ts';

// IANA special-purpose registries (RFC 6890 and successors), AS112, 6to4 relays, and 168.63.129.16 (Azure's platform
// address: a public number with a private use).
const nonPublicIpv4 = parseNetworks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

// An allow list: only global unicast can be public, so mapped, NAT64, link-local, unique-local, multicast and future
// assignments are blocked without a list of them.
const globalUnicastIpv6 = parseNetworks('2000::/3');
const nonPublicIpv6 = parseNetworks([
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
]);

/** The class of an address (SSRF guard): public, allowed by the operator's exemption, or blocked. */
export type AddressClass =
  | Readonly<{ kind: 'public' }>
  | Readonly<{ kind: 'allowed'; network: Cidr }>
  | Readonly<{ kind: 'blocked'; detail: string }>;

function isPublic(address: Address): boolean {
  if (address.kind() === 'ipv4') return findNetwork(nonPublicIpv4, address) === undefined;
  return (
    findNetwork(globalUnicastIpv6, address) !== undefined && findNetwork(nonPublicIpv6, address) === undefined
  );
}

/** Returns true for a globally reachable address, and false for text that is not a plain address. */
export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== null && isPublic(address);
}

/**
 * Classifies one address, literal or resolved. `detail` names the address and is for operators only. An IPv4 address
 * embedded in IPv6 (mapped, NAT64, 6to4) is blocked: no public service needs it, and each family is checked as it is
 * dialled.
 */
export function classifyAddress(text: string, policy: NetworkPolicy): AddressClass {
  const address = parseAddress(text);
  if (address === null) return { kind: 'blocked', detail: `'${text}' is not a plain IP address` };
  const network = findNetwork(policy.allowedNetworks, address);
  if (network !== undefined) return { kind: 'allowed', network };
  if (findNetwork(policy.nat64Prefixes ?? [], address) !== undefined) {
    return { kind: 'blocked', detail: `${text} lies in a NAT64 prefix of this network` };
  }
  if (!isPublic(address)) return { kind: 'blocked', detail: `${text} is not a public address` };
  return { kind: 'public' };
}

const loopback = parseNetworks('127.0.0.0/8,::1/128');

function isThisMachine(address: Address): boolean {
  if (loopback.some((network) => contains(network, address))) return true;
  const text = address.toString();
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some((found) => canonicalAddress(found.address) === text);
}

/** Returns true if address and port are a listener of this installation, which must not receive its own requests. */
export function isOwnListener(text: string, port: number, policy: NetworkPolicy): boolean {
  const address = parseAddress(text);
  if (address === null || policy.ownListeners === undefined) return false;
  return policy.ownListeners.some((listener) => {
    if (listener.port !== undefined && listener.port !== port) return false;
    if (listener.host === '0.0.0.0' || listener.host === '::') return isThisMachine(address);
    return canonicalAddress(listener.host) === address.toString();
  });
}
