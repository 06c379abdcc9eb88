import { Resolver as DnsResolver } from 'node:dns/promises';

/** All addresses of a name, and for how long they may be kept. */
export type Resolution = Readonly<{ addresses: readonly string[]; ttlMs: number }>;

/** Name resolution as a port. Rejects when the name has no address or DNS does not say; any error is of class `dns`. */
export type Resolver = Readonly<{ resolve: (hostname: string) => Promise<Resolution> }>;

/** How {@link systemResolver} asks. */
export type SystemResolverOptions = Readonly<{
  /** Servers as `address` or `address:port`; default those of the machine (resolv.conf). */
  servers?: readonly string[];
  /** One deadline over both questions and their repeats. Default 2,000. */
  timeoutMs?: number;
}>;

type DnsAnswer = Readonly<{ address: string; ttl: number }>;

const noAnswers: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND']);

function deadline(timeoutMs: number): { expired: Promise<'expired'>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<'expired'>((resolve) => {
    timer = setTimeout(() => resolve('expired'), timeoutMs);
  });
  return { expired, cancel: () => clearTimeout(timer) };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? 'EUNKNOWN';
}

/**
 * Asks DNS itself (c-ares; A and AAAA side by side) and not getaddrinfo (`dns.lookup`), because getaddrinfo blocks one
 * of four threads that all of Node shares while a partner's name server stays silent, cannot be cancelled, appends
 * search domains (`kubernetes.default` would become a cluster name), and gives no TTL. The price: /etc/hosts and mDNS
 * are not read; a private endpoint needs a name in DNS (container and cluster networks have one) or its address.
 *
 * One family that fails does not hide the other: only addresses that were checked are ever dialled.
 */
export function systemResolver({ servers, timeoutMs = 2_000 }: SystemResolverOptions = {}): Resolver {
  // Two tries inside the deadline, so that one lost datagram is not a failed attempt.
  const dns = new DnsResolver({ timeout: Math.max(1, Math.floor(timeoutMs * 0.45)), tries: 2 });
  if (servers !== undefined) dns.setServers(servers);

  async function query(question: Promise<readonly DnsAnswer[]>, expired: Promise<'expired'>) {
    try {
      const answer = await Promise.race([question, expired]);
      if (answer === 'expired') return { answers: [], code: 'ETIMEOUT' };
      return { answers: answer, code: answer.length === 0 ? 'ENODATA' : null };
    } catch (error) {
      return { answers: [], code: codeOf(error) };
    }
  }

  return {
    resolve: async (hostname) => {
      const { expired, cancel } = deadline(timeoutMs);
      try {
        const results = await Promise.all([
          query(dns.resolve4(hostname, { ttl: true }), expired),
          query(dns.resolve6(hostname, { ttl: true }), expired),
        ]);
        const answers = results.flatMap((result) => result.answers);
        if (answers.length === 0) {
          // What may pass (SERVFAIL, silence) says more than "no such name" from the other family.
          const codes = results.flatMap((result) => result.code ?? []);
          const code = codes.find((found) => !noAnswers.has(found)) ?? codes[0] ?? 'ENODATA';
          throw Object.assign(new Error(`no address for '${hostname}': ${code}`), { code });
        }
        return {
          addresses: [...new Set(answers.map((answer) => answer.address))],
          ttlMs: Math.min(...answers.map((answer) => answer.ttl)) * 1_000,
        };
      } finally {
        cancel();
      }
    },
  };
}
