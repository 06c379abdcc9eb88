import { setTimeout as pause } from 'node:timers/promises';
import { spreadOf } from '../percentiles.ts';
import { Connection } from './connection.ts';
import type { Load, Outcome } from './load-process.ts';

// The child process of admission.ts that sends the load: each message is a load, the answer to it what became of it.

// In which the connections open: ingress accepts a thousand of them in a second, which is not what is measured.
const warmUpMs = 1_000;
const filler = 'x'.repeat(900);

function requestOf(url: string, key: string): Buffer {
  const body = `{"type":"bench.admission","data":{"filler":"${filler}"}}`;
  const { host } = new URL(url);
  const fields = [`host: ${host}`, `authorization: Bearer ${key}`, 'content-type: application/json'];
  const head = ['POST /v1/events HTTP/1.1', ...fields, `content-length: ${body.length}`, '', ''];
  return Buffer.from(head.join('\r\n') + body);
}

class Tally {
  readonly #accepted: number[] = [];
  readonly #refused: number[] = [];
  readonly #statuses: Record<number, number> = {};
  retryAfter = 0;
  acceptedInAll = 0;
  /** The longest delay of a request behind its time, in milliseconds. */
  behind = 0;

  add(status: number, ms: number): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (status === 202) this.#accepted.push(ms);
    else if (status === 429 || status === 503) this.#refused.push(ms);
  }

  outcome(seconds: number): Outcome {
    return {
      accepted: this.acceptedInAll,
      acceptedPerSecond: Math.round(this.#accepted.length / seconds),
      refusedPerSecond: Math.round(this.#refused.length / seconds),
      acceptMs: spreadOf(this.#accepted),
      refuseMs: spreadOf(this.#refused),
      statuses: this.#statuses,
      refusedWithoutRetryAfter: this.#refused.length - this.retryAfter,
      behindMs: Math.round(this.behind),
    };
  }
}

/** Sends the next request of each connection when the one before was answered. */
async function closedLoop({ url, seconds, senders }: Load): Promise<Outcome[]> {
  const endMs = performance.now() + seconds * 1_000;
  const runs = senders.map(async ({ key, connections = 1 }) => {
    const tally = new Tally();
    const request = requestOf(url, key);
    const work = async (): Promise<void> => {
      let connection = new Connection(url);
      while (performance.now() < endMs) {
        if (connection.isClosed) connection = new Connection(url);
        const sentMs = performance.now();
        const { status, retryAfterSeconds } = await new Promise<
          Parameters<Parameters<Connection['send']>[1]>[0]
        >((resolve) => connection.send(request, resolve));
        if (status === 202) tally.acceptedInAll += 1;
        tally.add(status, performance.now() - sentMs);
        if (retryAfterSeconds > 0) tally.retryAfter += 1;
        if (status !== 202)
          await pause(Math.min(retryAfterSeconds * 1_000, Math.max(0, endMs - performance.now())));
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: connections }, work));
    return tally.outcome(seconds);
  });
  return Promise.all(runs);
}

/**
 * Sends at a rate, whatever is answered. A time counts from when its request was written to its connection; one that is due
 * while all connections wait for answers is sent with the next that is free, and counted as late. Those that are still due at the end are not sent.
 */
async function openLoop({ url, seconds, senders }: Load): Promise<Outcome[]> {
  const beganMs = performance.now();
  const runs = senders.map(async ({ key, perSecond = 0, connections = 1 }) => {
    const tally = new Tally();
    const request = requestOf(url, key);
    const idle = Array.from({ length: connections }, () => new Connection(url));
    const send = (): void => {
      let connection = idle.pop();
      if (connection === undefined || connection.isClosed) connection = new Connection(url);
      const sentMs = performance.now();
      connection.send(request, ({ status, retryAfterSeconds }) => {
        idle.push(connection);
        if (status === 202) tally.acceptedInAll += 1;
        if (sentMs - beganMs < warmUpMs) return;
        tally.add(status, performance.now() - sentMs);
        if (retryAfterSeconds > 0) tally.retryAfter += 1;
      });
    };
    const endMs = beganMs + warmUpMs + seconds * 1_000;
    for (let at = 0; performance.now() < endMs; ) {
      const dueCount = Math.floor(((performance.now() - beganMs) * perSecond) / 1_000);
      while (at < dueCount && idle.length > 0) {
        send();
        at += 1;
      }
      tally.behind = Math.max(tally.behind, ((dueCount - at) * 1_000) / perSecond);
      await pause(1);
    }
    while (idle.length < connections) await pause(10);
    const tookSeconds = (performance.now() - beganMs - warmUpMs) / 1_000;
    for (const connection of idle) connection.close();
    return tally.outcome(tookSeconds);
  });
  return Promise.all(runs);
}

process.on('message', (load: Load) => {
  void (load.kind === 'closed' ? closedLoop(load) : openLoop(load)).then((outcomes) =>
    process.send?.(outcomes),
  );
});
