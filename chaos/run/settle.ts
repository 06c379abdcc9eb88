import { setTimeout as pause } from 'node:timers/promises';
import type { ChaosApi } from './chaos-api.ts';

type Hop = Readonly<{ lag: number }>;
type Group = Readonly<{ reasons: readonly Readonly<{ status: string; count: number }>[] }>;

/** Returns the deliveries that wait for an attempt and the dead letters, as the history counts them. */
const undelivered = async (api: ChaosApi): Promise<Readonly<{ waiting: number; deadLetters: number }>> => {
  const { data } = await api.request('GET', '/v1/webhooks/deliveries/undelivered');
  const counts = (data as readonly Group[]).flatMap(({ reasons }) => reasons);
  const sum = (isCounted: (status: string) => boolean): number =>
    counts.filter(({ status }) => isCounted(status)).reduce((total, { count }) => total + count, 0);
  return {
    waiting: sum((status) => status !== 'dead_lettered'),
    deadLetters: sum((status) => status === 'dead_lettered'),
  };
};

/** Returns the records that a step of the pipeline has not processed, in all. */
const lag = async (api: ChaosApi): Promise<number> => {
  const { hops } = await api.request('GET', '/v1/webhooks/system');
  if (hops === null || hops === undefined) return Number.POSITIVE_INFINITY;
  return (hops as readonly Hop[]).reduce((sum, hop) => sum + hop.lag, 0);
};

export type SettleOptions = Readonly<{
  api: ChaosApi;
  withinMs: number;
  /** Called about every five seconds. */
  onProgress: (text: string) => void;
}>;

/** Waits until nothing waits for an attempt and every record is processed. Throws with what is left when the time is over. */
export const settle = async ({ api, withinMs, onProgress }: SettleOptions): Promise<void> => {
  const deadline = Date.now() + withinMs;
  for (let quiet = 0; quiet < 3; ) {
    const [{ waiting, deadLetters }, records] = await Promise.all([undelivered(api), lag(api)]);
    const left = `${waiting} deliveries wait, ${deadLetters} dead letters, ${records} records to process`;
    quiet = waiting === 0 && records === 0 ? quiet + 1 : 0;
    if (Date.now() > deadline) throw new Error(`not settled after ${withinMs / 1_000} s: ${left}`);
    onProgress(left);
    await pause(quiet > 0 ? 2_500 : 5_000);
  }
};

/** Waits for the end of a job. Throws an Error that says how it ended, unless it did what it was asked for. */
export const ended = async (api: ChaosApi, id: string): Promise<void> => {
  for (;;) {
    const { state, error } = await api.request('GET', `/v1/webhooks/jobs/${id}`);
    if (state === 'done') return;
    if (state !== 'queued' && state !== 'running')
      throw new Error(`job ${id} is ${String(state)}: ${String(error)}`);
    await pause(1_000);
  }
};
