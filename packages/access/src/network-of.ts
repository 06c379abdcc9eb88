import ipaddr from 'ipaddr.js';

// A customer of IPv6 has at least a /64, and can take any of its addresses for each request.
const ipv6Bytes = 8;

/**
 * Returns whose wrong keys are counted together: an IPv4 address itself, also where IPv6 contains it (`::ffff:192.0.2.1`), else
 * the /64 of an IPv6 address. Text that is no address is returned unchanged.
 */
export function networkOf(address: string): string {
  // Every request comes by here, and most have this form.
  if (!address.includes(':') || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${Buffer.from(parsed.toByteArray().slice(0, ipv6Bytes)).toString('hex')}/64`;
}
