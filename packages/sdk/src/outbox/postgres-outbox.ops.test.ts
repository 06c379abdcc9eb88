import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually } from '@tidings/testing';
import pg from 'pg';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { outboxContract, type Step, stepping, uniqueName } from './contract/outbox-contract.ts';
import { type PostgresConnection, postgresOutbox } from './postgres-outbox.ts';

// deploy/ops/database-tests.mjs starts the server.
const connectionString = process.env['TEST_POSTGRES_URL'];
if (connectionString === undefined) throw new Error('TEST_POSTGRES_URL is not set: run npm run test:ops.');
const pool = new pg.Pool({ connectionString, max: 20 });
afterAll(async () => pool.end());

async function aTable(): Promise<string> {
  const table = uniqueName();
  const { schema } = postgresOutbox({ pool, table });
  // A migration may run twice.
  for (let run = 0; run < 2; run += 1) await pool.query(schema);
  return table;
}

async function inTransaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

outboxContract('PostgreSQL', async () => {
  const table = await aTable();
  const outbox = postgresOutbox({ pool, table });
  const killable: pg.Pool[] = [];
  return {
    add: async (event) => inTransaction(async (client) => outbox.add(client, event)),
    store: (step: Step) => {
      const own = new pg.Pool({ connectionString, max: 1 });
      // Its connections are ended as if its process were killed.
      own.on('error', () => {});
      killable.push(own);
      const connect = async (): Promise<PostgresConnection> => stepping(await own.connect(), step, ['query']);
      return postgresOutbox({ pool: { connect }, table });
    },
    entries: async () => {
      const { rows } = await pool.query<{ id: string; refused: string | null }>(
        `SELECT id, refused FROM ${table} ORDER BY seq`,
      );
      const refused = rows.filter((row) => row.refused !== null);
      return { all: rows.map(({ id }) => id), refused: refused.map(({ id }) => id) };
    },
    endKilled: async () => {
      await pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()`,
      );
    },
    close: async () => {
      // What a test has killed never gives its connection back.
      for (const own of killable) void own.end();
    },
  };
});

/** Starts an API that takes batches, each id once, and answers some requests with 503. */
async function anApi() {
  const accepted = new Map<string, { ordering_key: string; data: number }>();
  let requests = 0;
  const server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      requests += 1;
      if (requests % 7 === 0) return void response.writeHead(503, { 'retry-after': '0' }).end('{}');
      const { events } = JSON.parse(Buffer.concat(chunks as Buffer[]).toString()) as {
        events: readonly { id: string; type: string; ordering_key: string; data: number }[];
      };
      const results = events.map(({ id, type, ordering_key, data }) => {
        if (!accepted.has(id)) accepted.set(id, { ordering_key, data });
        return { status: 202, id, type, accepted_at: new Date().toISOString() };
      });
      return void response.writeHead(202).end(JSON.stringify({ results }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { accepted, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('an outbox in PostgreSQL', () => {
  it('publishes nothing of a transaction that is rolled back', async () => {
    const table = await aTable();
    const outbox = postgresOutbox({ pool, table });
    const failing = inTransaction(async (client) => {
      await outbox.add(client, { type: 'a.b', data: 1, orderingKey: 'k' });
      throw new Error('the order could not be stored');
    });
    await expect(failing).rejects.toThrow('the order could not be stored');
    expect(await outbox.take(10, 1_000)).toBeNull();
  });

  it('numbers the events of one key in the order of the commits', async () => {
    const table = await aTable();
    const outbox = postgresOutbox({ pool, table });
    const order: string[] = [];
    let commitFirst = (): void => {};
    const mayCommit = new Promise<void>((resolve) => {
      commitFirst = resolve;
    });
    let hasAdded = (): void => {};
    const added = new Promise<void>((resolve) => {
      hasAdded = resolve;
    });
    const first = inTransaction(async (client) => {
      await outbox.add(client, { type: 'a.b', data: 1, orderingKey: 'k' });
      hasAdded();
      await mayCommit;
      order.push('first commits');
    });
    await added;
    const second = inTransaction(async (client) => {
      await outbox.add(client, { type: 'a.b', data: 2, orderingKey: 'k' });
      order.push('second adds');
    });
    await eventually(async () => {
      const { rows } = await pool.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
      expect(rows).toHaveLength(1);
    });
    // Another key waits for nobody.
    await inTransaction(async (client) => outbox.add(client, { type: 'a.b', data: 3, orderingKey: 'other' }));
    commitFirst();
    await Promise.all([first, second]);
    expect(order).toEqual(['first commits', 'second adds']);
  });

  it('gives back what a relay holds for longer than its lease', async () => {
    const table = await aTable();
    const outbox = postgresOutbox({ pool, table });
    await inTransaction(async (client) => outbox.add(client, { type: 'a.b', data: 1, orderingKey: 'k' }));
    const hanging = await outbox.take(10, 500);
    expect(hanging?.entries).toHaveLength(1);
    const taken = await eventually(async () => {
      const next = await outbox.take(10, 60_000);
      expect(next?.entries).toHaveLength(1);
      return next;
    });
    await expect(hanging?.finish({ sent: [], refused: [] })).rejects.toThrow();
    await taken?.abandon();
  });

  it('publishes every event once and in order while relays are killed', async () => {
    const table = await aTable();
    const outbox = postgresOutbox({ pool, table });
    const [keys, perKey] = [['a', 'b', 'c', 'd', 'e'], 100];
    for (let data = 0; data < perKey; data += 1) {
      await inTransaction(async (client) => {
        for (const orderingKey of keys) await outbox.add(client, { type: 'a.b', data, orderingKey });
      });
    }
    const { accepted, url } = await anApi();
    const program = fileURLToPath(new URL('../../dist/outbox/relay-under-test.js', import.meta.url));
    const start = (): ChildProcess =>
      spawn(process.execPath, [program, connectionString, table, url], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    let relays = [start(), start()];
    onTestFinished(() => {
      for (const relay of relays) relay.kill('SIGKILL');
    });
    const total = keys.length * perKey;
    for (let goal = 100; goal < total; goal += 100) {
      await eventually(() => expect(accepted.size).toBeGreaterThanOrEqual(goal), { timeoutMs: 30_000 });
      const [killed] = relays.splice(0, 1);
      killed?.kill('SIGKILL');
      relays.push(start());
    }
    const left = async () => (await pool.query(`SELECT FROM ${table}`)).rows.length;
    await eventually(async () => expect(await left()).toBe(0), { timeoutMs: 30_000 });
    const byKey = (key: string) =>
      [...accepted.values()].filter(({ ordering_key }) => ordering_key === key).map(({ data }) => data);
    for (const key of keys) expect(byKey(key)).toEqual(Array.from({ length: perKey }, (_, n) => n));
    // Those that are left end when they are told to. One of them may have just started: it has written when it is ready.
    await Promise.all(relays.map(async ({ stdout }) => stdout !== null && once(stdout, 'data')));
    const ends = relays.map(async (relay) => once(relay, 'exit'));
    for (const relay of relays) relay.kill('SIGTERM');
    expect((await Promise.all(ends)).map(([code]) => code as number)).toEqual([0, 0]);
    relays = [];
  });
});
