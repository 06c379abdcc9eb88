import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { encodeAttempt, topics } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { aFailure } from '../../test/builders.ts';
import { newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';
import { openTestStream } from '../../test/stream/stream-client.ts';

// Runs the examples of docs/live-stream.md as they are there.

afterEach(stopAll);

const key = 'an-admin-key-for-tests';
const page = readFileSync(new URL('../../../../docs/live-stream.md', import.meta.url), 'utf8');
const [watch = '', ticket = ''] = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');
const [program = '', browser = ''] = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(
  ([, code]) => code ?? '',
);

const start = async () => {
  const backing = newBacking();
  const { url } = await startHere(backing);
  const producer = await backing.bus.producer();
  let n = 0;
  const happen = async () => {
    n += 1;
    await producer.publish({ topic: topics.attempts, ...encodeAttempt(aFailure(n, 1), null) });
  };
  const run = (command: string, args: readonly string[]) => {
    const env = { ...process.env, TIDINGS_URL: url, TIDINGS_API_KEY: key, SECONDS_TO_WATCH: '30' };
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let told = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        told += text;
      });
    }
    return () => told;
  };
  return { url, happen, run };
};

it('shows the stream with curl', async () => {
  const { happen, run } = await start();
  const told = run('bash', ['-c', watch]);
  await eventually(() => expect(told()).toContain('event: ready'));
  await happen();
  await eventually(() => expect(told()).toContain('event: state'));
});

it('follows it with the program', async () => {
  const { happen, run } = await start();
  const told = run(process.execPath, ['--input-type=module', '--eval', program]);
  await eventually(() => expect(told()).toContain('"kind":"ready"'));
  await happen();
  await eventually(() => expect(told()).toContain('"status":"retrying"'));
});

/** Stands in for the browser's: connects once, and fails when the connection closes. */
class PageEventSource {
  static opened: PageEventSource[] = [];
  onerror: () => void = () => {};
  readonly #listeners = new Map<string, (message: object) => void>();
  readonly url: string;
  isReady = false;

  constructor(url: string) {
    this.url = url;
    PageEventSource.opened.push(this);
    void this.#read();
  }

  addEventListener(kind: string, listener: (message: object) => void): void {
    this.#listeners.set(kind, listener);
  }

  close(): void {}

  async #read(): Promise<void> {
    const { origin, search } = new URL(this.url);
    const stream = await openTestStream(origin, { query: search });
    expect(stream.response.status).toBe(200);
    this.isReady = true;
    let taken = 0;
    await eventually(() => {
      for (const { event, id, data } of stream.frames.slice(taken)) {
        taken += 1;
        const message = { type: event, lastEventId: id, data: JSON.stringify(data) };
        this.#listeners.get(event)?.(message);
      }
      expect(taken).toBeGreaterThanOrEqual(3);
    });
    stream.close();
    this.onerror();
  }
}

it('follows it in a page, with a ticket for each connection', async () => {
  const { url, happen, run } = await start();
  let tickets = 0;
  const getTicket = async () => {
    tickets += 1;
    // The page connects again for ever; two connections show that, and the test ends while the third would begin.
    if (tickets > 2) return new Promise<string>(() => {});
    const told = run('bash', ['-c', `${ticket.trim()} 2>/dev/null`]);
    const answer = await eventually(() => JSON.parse(told()) as { ticket: string });
    return answer.ticket;
  };
  const seen: [string, { delivery_id: string }][] = [];
  const onMessage = (...message: (typeof seen)[number]) => void seen.push(message);
  const [tidingsUrl, EventSource] = [url, PageEventSource];
  const place = { tidingsUrl, EventSource, URLSearchParams, JSON, setTimeout, getTicket, onMessage };
  runInNewContext(`${browser}\nvoid follow(getTicket, onMessage);`, place);
  await eventually(() => expect(PageEventSource.opened[0]?.isReady).toBe(true));
  await happen();
  await eventually(() => expect(seen).toHaveLength(2));
  // While it is not connected.
  await happen();
  await eventually(() =>
    expect(seen.map(([kind]) => kind)).toEqual(['attempt', 'state', 'attempt', 'state']),
  );
  expect(PageEventSource.opened.map((one) => one.url.includes('last_event_id'))).toEqual([false, true]);
});
