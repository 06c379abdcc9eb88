import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * The requests received since the last `take`. Latencies in milliseconds, without replays; times in epoch milliseconds.
 */
export type Taken = Readonly<{
  received: number;
  repeats: number;
  replayed: number;
  lastAtMs: number;
  latencies: number[];
}>;

export type ReceiverProcess = Readonly<{
  url(path: string): string;
  count(): Promise<number>;
  take(): Promise<Taken>;
  stop(): void;
}>;

export const startReceiverProcess = async (): Promise<ReceiverProcess> => {
  const child = fork(fileURLToPath(new URL('./receiver.js', import.meta.url)), { serialization: 'advanced' });
  const request = async <T>(message: string): Promise<T> => {
    child.send(message);
    return ((await once(child, 'message')) as [T])[0];
  };
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    count: async () => (await request<{ received: number }>('count')).received,
    take: () => request<Taken>('take'),
    stop: () => child.disconnect(),
  };
};
