import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type guardProcesses, sharedBrokers, sharedMongodbUri } from '@tidings/testing';
import { testSealingKeys } from './builders.ts';

const entry = fileURLToPath(new URL('../../server/dist/src/main.js', import.meta.url));

const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** A history service in a process of its own. `name`: of its consumer groups and its database. */
export type HistoryProcess = Readonly<{
  child: ChildProcess;
  call(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
}>;

/** Returns a function that starts history services in processes, and one that kills those that are left. */
export const historyProcesses = ({
  key,
  guard,
}: Readonly<{ key: string; guard: ReturnType<typeof guardProcesses> }>) => {
  const children: ChildProcess[] = [];
  const start = async (name: string): Promise<HistoryProcess> => {
    const port = await freePort();
    const child = spawn(process.execPath, [entry], {
      env: {
        PATH: process.env['PATH'],
        ...guard.env,
        SERVICES: 'history',
        KAFKA_BROKERS: sharedBrokers().join(','),
        MONGODB_URI: sharedMongodbUri(),
        SEALING_KEYS: testSealingKeys,
        HISTORY_PORT: String(port),
        HISTORY_GROUP: name,
        HISTORY_DATABASE: name,
      },
      stdio: 'ignore',
    });
    children.push(child);
    const call = async (method: string, path: string, body?: object) => {
      const response = await fetch(`http://127.0.0.1:${port}/v1/webhooks/${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return (await response.json()) as Record<string, unknown>;
    };
    return { child, call };
  };
  const killAll = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  return { start, killAll };
};
