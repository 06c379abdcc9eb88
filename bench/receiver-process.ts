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
  pid: number;
  /** `host`: an address of 127.0.0.0/8, if it listens on all. */
  url(path: string, host?: string): string;
  count(): Promise<number>;
  take(): Promise<Taken>;
  stop(): void;
}>;

/** `address`: where it listens, by default 127.0.0.1; `0.0.0.0` makes each address of 127.0.0.0/8 a host of its own. */
export const startReceiverProcess = async (address = '127.0.0.1'): Promise<ReceiverProcess> => {
  const script = fileURLToPath(new URL('./receiver.js', import.meta.url));
  const child = fork(script, [address], { serialization: 'advanced' });
  const request = async <T>(message: string): Promise<T> => {
    child.send(message);
    return ((await once(child, 'message')) as [T])[0];
  };
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    pid: child.pid ?? 0,
    url: (path, host = '127.0.0.1') => `http://${host}:${port}${path}`,
    count: async () => (await request<{ received: number }>('count')).received,
    take: () => request<Taken>('take'),
    stop: () => child.disconnect(),
  };
};
