import { createServer } from 'node:net';

import { AppError } from '@tidings/runtime';

/** The lowest port. The range lies below the ephemeral ports, so a port stays free while its part restarts. */
const firstFree = 20_000;
const lastFree = 31_999;

/** One port that a part needs, with its purpose as an error message states it. */
export type PortNeed = Readonly<{ port: number; purpose: string }>;

/** Returns true if nothing listens on host:port at this moment. */
async function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Returns `count` different ports from 20000 to 31999 that are free now. For tests and for stacks without fixed ports.
 */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count && tries < 500; tries += 1) {
    const port = firstFree + Math.floor(Math.random() * (lastFree - firstFree + 1));
    if (!found.has(port) && (await isPortFree(host, port))) found.add(port);
  }
  if (found.size < count) {
    throw new AppError({
      code: 'unavailable',
      message: `no ${count} free ports from ${firstFree} to ${lastFree} on ${host}`,
    });
  }
  return [...found];
}

/** Throws AppError `conflict` that names every port in use, its purpose, and the setting that moves the ports. */
export async function requireFreePorts(
  host: string,
  needs: readonly PortNeed[],
  setting: string,
): Promise<void> {
  const taken: string[] = [];
  for (const { port, purpose } of needs) {
    if (!(await isPortFree(host, port))) taken.push(`${port} (${purpose})`);
  }
  if (taken.length === 0) return;
  throw new AppError({
    code: 'conflict',
    message: `port ${taken.join(', ')} on ${host} is taken by another program. End that program, or choose other ports with ${setting}.`,
  });
}
