import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The event that a request carries. */
export type EventName = Readonly<{ key: string; number: number }>;

/** An endpoint that fails at random, and permanently for some events, and records the order of its requests. */
export type OrderReceiver = Readonly<{
  url: string;
  requests: number;
  failures: number;
  /** Requests for events that had succeeded before. */
  repeats: number;
  mostAtOnce: number;
  succeeded: ReadonlySet<string>;
  /** Returns the events that were first received before the success or the dead letter of every earlier event. */
  violations(deadLetters: readonly (EventName & Readonly<{ atMs: number }>)[]): string[];
  close(): Promise<void>;
}>;

type Happening = EventName & Readonly<{ kind: 'seen' | 'succeeded'; atMs: number }>;

const failureRate = 0.03;
const slowest = 25;

const nameOf = ({ key, number }: EventName): string => `${key} ${number}`;

// These events always fail, not at random.
const isHopeless = ({ number }: EventName): boolean => number % 100 === 42;

const bodyOf = async (request: IncomingMessage): Promise<EventName> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as EventName;
};

/**
 * Returns the violations: each event must have ended, by success or dead letter,
 * before the first request of a later one.
 */
const violationsOf = (
  happenings: readonly Happening[],
  deadLetters: ReadonlyMap<string, number>,
): string[] => {
  const found: string[] = [];
  const seen = new Set<string>();
  const succeeded = new Set<string>();
  const endedTo = new Map<string, number>();
  for (const { kind, key, number, atMs } of happenings) {
    const name = nameOf({ key, number });
    if (kind === 'succeeded') succeeded.add(name);
    else if (!seen.has(name)) {
      seen.add(name);
      let next = endedTo.get(key) ?? 0;
      const hasEnded = (event: string) =>
        succeeded.has(event) || (deadLetters.get(event) ?? Infinity) <= atMs;
      while (next < number && hasEnded(nameOf({ key, number: next }))) next += 1;
      endedTo.set(key, next);
      if (next < number) found.push(`${name} before the end of ${next}`);
    }
  }
  return found;
};

class Receiver implements OrderReceiver {
  url = '';
  requests = 0;
  failures = 0;
  repeats = 0;
  mostAtOnce = 0;
  readonly succeeded = new Set<string>();
  readonly #happenings: Happening[] = [];
  readonly #server = createServer((request, response) => void this.#take(request, response));
  #underWay = 0;

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks`;
  }

  violations(deadLetters: readonly (EventName & Readonly<{ atMs: number }>)[]): string[] {
    const first = new Map<string, number>();
    for (const deadLetter of deadLetters) {
      const name = nameOf(deadLetter);
      first.set(name, Math.min(first.get(name) ?? Infinity, deadLetter.atMs));
    }
    return violationsOf(this.#happenings, first);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const event = await bodyOf(request);
    const name = nameOf(event);
    this.#happenings.push({ kind: 'seen', ...event, atMs: Date.now() });
    this.requests += 1;
    if (this.succeeded.has(name)) this.repeats += 1;
    this.#underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay);
    setTimeout(() => {
      this.#underWay -= 1;
      this.#answer(event, response);
    }, Math.random() * slowest);
  }

  #answer(event: EventName, response: ServerResponse): void {
    // A 404 does not count against the endpoint: its breaker stays closed.
    if (isHopeless(event) || Math.random() < failureRate) {
      this.failures += 1;
      response.writeHead(isHopeless(event) ? 404 : 503).end();
      return;
    }
    this.#happenings.push({ kind: 'succeeded', ...event, atMs: Date.now() });
    this.succeeded.add(nameOf(event));
    response.writeHead(204).end();
  }
}

/** Starts the receiver on the loopback interface. */
export const startOrderReceiver = async (): Promise<OrderReceiver> => {
  const receiver = new Receiver();
  await receiver.open();
  return receiver;
};
