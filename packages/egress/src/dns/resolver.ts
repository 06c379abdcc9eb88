import { Resolver as DnsResolver } from 'node:dns/promises';

/** All addresses of a name, and how long they may be cached. */
export type Resolution = Readonly<{ addresses: readonly string[]; ttlMs: number }>;

/**
 * The name resolution port. Rejects if the name has no address or DNS does not answer; any error has the class `dns`.
 */
export type Resolver = Readonly<{ resolve: (hostname: string) => Promise<Resolution> }>;

/** Options of {@link systemResolver}. */
export type SystemResolverOptions = Readonly<{
  /** Servers as `address` or `address:port`; default those of the machine (resolv.conf). */
  servers?: readonly string[];
  /** One deadline over both queries and their retries. Default 2,000. */
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
 * Queries DNS directly (c-ares; A and AAAA in parallel) and not through getaddrinfo (`dns.lookup`). While a partner's
 * name server does not respond, getaddrinfo blocks one of the four threads that all of Node shares. It also cannot be
 * cancelled, appends search domains (`kubernetes.default` would become a cluster name), and returns no TTL. The cost:
 * /etc/hosts and mDNS are not read; a private endpoint needs a name in DNS (container and cluster networks have one) or
 * its address.
 *
 * A failure of one family does not hide the other: only checked addresses are ever dialled.
 */
export function systemResolver({ servers, timeoutMs = 2_000 }: SystemResolverOptions = {}): Resolver {
  // Two tries inside the deadline, so that one lost datagram does not fail the attempt.
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
          // A transient failure (SERVFAIL, no response) takes precedence over "no such name" from the other family.
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
