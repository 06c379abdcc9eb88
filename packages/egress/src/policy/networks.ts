import { isIP } from 'node:net';
import { AppError } from '@tidings/runtime';
import ipaddr from 'ipaddr.js';

/** A parsed address of either family. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network: its text as written, its first address and the length of its prefix in bits. */
export type Cidr = Readonly<{ text: string; base: Address; prefixBits: number }>;

/**
 * Returns the address that `text` spells in the plain form of its family, else null. A form that only some parsers
 * accept (`0177.1`, `127.1`, a zone id) is null.
 */
export function parseAddress(text: string): Address | null {
  if (isIP(text) === 0 || text.includes('%')) return null;
  return ipaddr.parse(text);
}

/**
 * Returns the canonical spelling of an address, so that two can be compared as text. Never throws: text that is not an
 * address is returned unchanged.
 */
export function canonicalAddress(text: string): string {
  return parseAddress(text)?.toString() ?? text;
}

/** Returns true if the address lies in the network. Families never match each other, mapped forms included. */
export function contains(network: Cidr, address: Address): boolean {
  return address.kind() === network.base.kind() && address.match(network.base, network.prefixBits);
}

/** Returns the first of the networks that contains the address. */
export function findNetwork(networks: readonly Cidr[], address: Address): Cidr | undefined {
  return networks.find((network) => contains(network, address));
}

function parseNetwork(text: string): Cidr {
  const [addressText = '', prefixText, ...rest] = text.split('/');
  const base = parseAddress(addressText);
  const widthBits = base?.kind() === 'ipv4' ? 32 : 128;
  const prefixBits = prefixText === undefined ? widthBits : Number(prefixText);
  const isPrefix = prefixText === undefined || (/^\d{1,3}$/.test(prefixText) && prefixBits <= widthBits);
  if (base === null || !isPrefix || rest.length > 0) {
    throw new AppError({
      code: 'config-invalid',
      message: `a network must be an address or a CIDR such as 10.0.0.0/8 or ::1/128, got '${text}'`,
    });
  }
  const first =
    base.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${addressText}/${prefixBits}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${addressText}/${prefixBits}`);
  if (first.toString() !== base.toString()) {
    throw new AppError({
      code: 'config-invalid',
      message: `a network must be written with its first address, got '${text}': write '${first.toString()}/${prefixBits}'`,
    });
  }
  return { text, base, prefixBits };
}

/**
 * Parses networks from a comma-separated list (`127.0.0.0/8,::1/128`) or from a list of such texts. An address alone is
 * a network of one. Throws AppError `config-invalid` that quotes the invalid part.
 */
export function parseNetworks(networks: string | readonly string[]): readonly Cidr[] {
  const parts = typeof networks === 'string' ? networks.split(',') : networks;
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseNetwork);
}
