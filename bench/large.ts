import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { usageOfAll } from './process-usage.ts';
import { type BenchStack, startStack } from './stack.ts';

const help = `npm run bench:large -- [options]
Publishes events of 25 MB, several at once, and prints the memory of the services before, at most during and after.
  --at-once N      events that are published at the same time (default 20)
  --rounds N       how often (default 3)
  --bytes N        size of the data of each (default 25000000)
  --port-base N    first port of the stack (default 27600)`;

const { values } = parseArgs({
  options: {
    'at-once': { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    bytes: { type: 'string', default: '25000000' },
    'port-base': { type: 'string', default: '27600' },
    help: { type: 'boolean', default: false },
  },
});

const atOnce = Number(values['at-once']);
const rounds = Number(values.rounds);
const bytes = Number(values.bytes);
const block = Buffer.from(randomBytes(49_152).toString('base64'));

/** Yields the body of an event with data of `bytes` bytes. */
async function* bodyOf(): AsyncGenerator<Buffer> {
  yield Buffer.from('{"type":"bench.large","data":"');
  for (let left = bytes - 2; left > 0; left -= block.length)
    yield block.subarray(0, Math.min(left, block.length));
  yield Buffer.from('"}');
}

const digestOf = async (): Promise<string> => {
  const hash = createHash('sha256').update('"');
  for (let left = bytes - 2; left > 0; left -= block.length)
    hash.update(block.subarray(0, Math.min(left, block.length)));
  return hash.update('"').digest('hex');
};

/** An endpoint that hashes the data of each webhook and holds none of them. */
const startEndpoint = async () => {
  const received: string[] = [];
  const server = createServer((request, response) => {
    const hash = createHash('sha256');
    let skip: number | undefined;
    let last = Buffer.alloc(0);
    request.on('data', (chunk: Buffer) => {
      // The standard format: the data follow `"data":`, and one bracket follows them.
      let piece = chunk;
      if (skip === undefined) {
        skip = chunk.indexOf('"data":') + 7;
        piece = chunk.subarray(skip);
      }
      hash.update(last);
      hash.update(piece.subarray(0, -1));
      last = Buffer.from(piece.subarray(-1));
    });
    request.on('end', () => {
      received.push(hash.digest('hex'));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received, server };
};

const publish = async ({ target }: BenchStack): Promise<void> => {
  const response = await fetch(`${target.ingressUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${target.key}`, 'content-type': 'application/json' },
    body: Readable.toWeb(Readable.from(bodyOf())) as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  const answer = await response.text();
  if (response.status !== 202) throw new Error(`publish: ${response.status} ${answer}`);
};

type Rss = Readonly<Record<string, number>>;
const rssOf = async ({ processes }: BenchStack): Promise<Rss> => {
  const usage = await usageOfAll(processes);
  return Object.fromEntries(Object.entries(usage).map(([name, { rssMb }]) => [name, rssMb]));
};

const measure = async (stack: BenchStack): Promise<void> => {
  const endpoint = await startEndpoint();
  const expected = await digestOf();
  await stack.subscribe({
    endpoint_url: endpoint.url,
    events: ['bench.*'],
    timeout_seconds: 30,
    max_in_flight: 20,
  });
  await delay(10_000);
  const before = await rssOf(stack);
  const most: Record<string, number> = { ...before };
  const sampling = setInterval(() => {
    void rssOf(stack).then((rss) => {
      for (const [name, mb] of Object.entries(rss)) most[name] = Math.max(most[name] ?? 0, mb);
    });
  }, 200);
  const startMs = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(Array.from({ length: atOnce }, async () => publish(stack)));
    console.log(`round ${round + 1}: accepted after ${Math.round(performance.now() - startMs)} ms`);
  }
  while (endpoint.received.length < rounds * atOnce) await delay(200);
  clearInterval(sampling);
  const seconds = (performance.now() - startMs) / 1_000;
  const wrong = endpoint.received.filter((digest) => digest !== expected).length;
  const after = await rssOf(stack);
  endpoint.server.closeAllConnections();
  endpoint.server.close();
  console.log(
    `${rounds * atOnce} events of ${bytes} bytes delivered in ${seconds.toFixed(1)} s, ${wrong} not byte for byte`,
  );
  for (const name of Object.keys(before).filter((one) => /ingress|fanout|delivery/.test(one)))
    console.log(`${name}: RSS ${before[name]} MB before, ${most[name]} MB at most, ${after[name]} MB after`);
  if (wrong > 0) process.exitCode = 1;
};

if (values.help) console.log(help);
else {
  const env = { INGRESS_MAX_LARGE_EVENT_BYTES: '26214400' };
  const stack = await startStack(values['port-base'], { separate: true, env });
  try {
    await measure(stack);
  } finally {
    await stack.stop();
  }
}
