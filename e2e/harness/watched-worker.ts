import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createWorker, step } from '@tidings/chains';
import { silentLogger } from '@tidings/observability';
import type { Tidings } from './tidings.ts';

/** A worker application whose metrics the Prometheus of a stack scrapes. */
export type WatchedWorker = Readonly<{
  /** The number of runs that have come to their end. */
  completed(): number;
  close(): Promise<void>;
}>;

/** Starts a worker for events of a type, serves its metrics, and tells the Prometheus of `npm start -- --monitoring` where they are. */
export const startWatchedWorker = async (tidings: Tidings, eventType: string): Promise<WatchedWorker> => {
  const { brokers } = await tidings.local();
  const worker = createWorker({ brokers: brokers.split(','), app: 'watched', logger: silentLogger });
  let completed = 0;
  worker.on(
    eventType,
    step('count', { tries: 1 }, async () => {
      completed += 1;
    }),
  );
  await worker.start();
  const server = createServer((_request, response) => {
    void worker
      .metrics()
      .then((text) => response.setHeader('content-type', 'text/plain; version=0.0.4').end(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = join(tidings.dataDir, 'monitoring', 'targets');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'watched.json'), JSON.stringify([{ targets: [target] }]));
  return {
    completed: () => completed,
    close: async () => {
      server.close();
      await worker.close();
    },
  };
};
