import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@tidings/local-stack';
import { eventually } from '@tidings/testing';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished } from 'vitest';
import { Caller } from './caller.ts';
import { inOwnWorkspace } from './shared-tidings.ts';
import type { LocalStack } from './tidings.ts';

const examples = fileURLToPath(new URL('../../examples/receivers/', import.meta.url));

/** A receiver of examples/receivers: its name, and the command line of each of its processes. */
export type ReceiverExample = Readonly<{
  name: string;
  commands: (port: number) => readonly (readonly [string, ...string[]])[];
}>;

type Settings = Readonly<{ port: number; inbox: string; secrets: readonly string[] }>;

/** The processes of a receiver, while they run. */
class Running {
  readonly #children: readonly ChildProcess[];
  readonly #port: number;
  #output = '';

  constructor({ commands }: ReceiverExample, { port, inbox, secrets }: Settings) {
    const env = { PORT: String(port), INBOX: inbox, WEBHOOK_SECRET: secrets.join(',') };
    this.#port = port;
    this.#children = commands(port).map(([program, ...args]) => {
      const child = spawn(program, args, {
        ...{ cwd: examples, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
      });
      const keep = (chunk: Buffer) => {
        this.#output += chunk.toString();
      };
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
      child.once('error', (error) => keep(Buffer.from(String(error))));
      return child;
    });
  }

  async untilReady(): Promise<void> {
    const abortIf = () => this.#children.some(({ exitCode, pid }) => exitCode !== null || pid === undefined);
    await eventually(async () => expect(await this.post({}, '{}')).toBe(401), {
      ...{ timeoutMs: 30_000, abortIf },
    }).catch((error: unknown) => {
      throw new Error(`the receiver did not start:\n${this.#output}`, { cause: error });
    });
  }

  async post(headers: Readonly<Record<string, string>>, body: string): Promise<number> {
    const { status } = await fetch(`http://127.0.0.1:${this.#port}/`, {
      ...{ method: 'POST', body },
      headers: { connection: 'close', 'content-type': 'application/json', ...headers },
    });
    return status;
  }

  /** Returns `id type` of each webhook that was processed. */
  processed(): readonly string[] {
    return [...this.#output.matchAll(/^processed (.*)$/gm)].map(([, what]) => String(what));
  }

  async stop(): Promise<void> {
    const left = this.#children.filter(({ exitCode, signalCode, pid }) => {
      return exitCode === null && signalCode === null && pid !== undefined;
    });
    const ended = left.map(async (child) => new Promise((resolve) => child.once('close', resolve)));
    for (const child of left) child.kill('SIGKILL');
    await Promise.all(ended);
  }
}

type Sent = Readonly<{ id?: string; at?: Date; body?: string }>;
const longAgoMs = 6 * 60_000;

/** Signs a request as Tidings does, with the reference library. */
function signed(secret: string, { id = 'dlv_forged', at = new Date(), body = '{"type":"x"}' }: Sent = {}) {
  const headers = {
    ...{ 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)) },
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
  return { headers, body };
}

/**
 * Runs a receiver as the endpoint of a subscription: it processes a webhook once although it is sent again, also after
 * kill -9 and during a rotation of its secret, and refuses what was changed, is old or was signed by somebody else.
 */
export async function expectReceives(local: LocalStack, example: ReceiverExample): Promise<void> {
  const own = await inOwnWorkspace(local, `ws_receiver_${example.name}`);
  const caller = new Caller(own.url, own.admin_key);
  const inbox = await mkdtemp(join(tmpdir(), 'tidings-inbox-'));
  onTestFinished(async () => rm(inbox, { recursive: true, force: true }));
  const [port = 0] = await freePorts('127.0.0.1', 1);
  const { id, secret } = await caller.call<{ id: string; secret: string }>(
    'POST',
    '/webhooks/subscriptions',
    {
      ...{ endpoint_url: `http://127.0.0.1:${port}/`, events: ['order.*'], send_test: false },
    },
  );
  const start = async (secrets: readonly string[]): Promise<Running> => {
    const running = new Running(example, { port, inbox, secrets });
    onTestFinished(async () => running.stop());
    await running.untilReady();
    return running;
  };
  const publish = async (type: string): Promise<string> => {
    const event = await caller.call('POST', '/events', { type, data: { note: 'grüße' } });
    const [delivery] = await caller.list(`/webhooks/deliveries?event_id=${event.id}`, 1);
    return `${String(delivery?.id)} ${type}`;
  };
  const deliveryOf = (processed: string) => String(processed.split(' ')[0]);
  const sendAgain = async (delivery: string, attempts: number): Promise<void> => {
    await eventually(async () => caller.call('POST', `/webhooks/deliveries/${delivery}/retry`));
    await eventually(async () => {
      const path = `/webhooks/deliveries/${delivery}`;
      expect(await caller.call('GET', path)).toMatchObject({ status: 'delivered', attempt_count: attempts });
    });
  };

  let receiver = await start([secret]);
  const first = await publish('order.created');
  await eventually(() => expect(receiver.processed()).toEqual([first]));
  await sendAgain(deliveryOf(first), 2);
  const second = await publish('order.paid');
  await eventually(() => expect(receiver.processed()).toEqual([first, second]));

  const { headers, body } = signed(secret);
  expect(await receiver.post(headers, `${body} `)).toBe(401);
  expect(await receiver.post({ ...headers, 'webhook-id': 'dlv_other' }, body)).toBe(401);
  for (const ms of [-longAgoMs, longAgoMs]) {
    const old = signed(secret, { at: new Date(Date.now() + ms) });
    expect(await receiver.post(old.headers, body)).toBe(401);
  }

  // During the overlap each request has a signature of both secrets.
  const rotated = await caller.call<{ secret: string }>(
    ...(['POST', `/webhooks/subscriptions/${id}/rotate-secret`, { overlap_seconds: 600 }] as const),
  );
  const third = await publish('order.shipped');
  await eventually(() => expect(receiver.processed()).toEqual([first, second, third]));
  await receiver.stop();
  // As after a crash between the response and the work.
  await writeFile(join(inbox, 'waiting', 'dlv_waits'), '{"type":"order.waits"}');
  receiver = await start([rotated.secret, secret]);
  await sendAgain(deliveryOf(first), 3);
  for (const one of [secret, rotated.secret]) {
    const sent = signed(one, { id: 'dlv_of_both' });
    expect(await receiver.post(sent.headers, sent.body)).toBe(204);
  }
  const fourth = await publish('order.closed');
  await eventually(() => expect(receiver.processed()).toContain(fourth));
  expect([...receiver.processed()].sort()).toEqual(['dlv_of_both x', 'dlv_waits order.waits', fourth].sort());
  await receiver.stop();
  receiver = await start([rotated.secret]);
  const forged = signed(secret, { id: 'dlv_of_old' });
  expect(await receiver.post(forged.headers, forged.body)).toBe(401);
}
