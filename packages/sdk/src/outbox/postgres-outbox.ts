import { checkFunction, checkNames, checkText, type Names, wrong } from '../check-arguments.ts';
import type { EventInput } from '../client/event-input.ts';
import type { AnyEvents } from '../event-map.ts';
import {
  entryOf,
  type OutboxEntry,
  type OutboxStore,
  type RelayOutcome,
  type TakenEntries,
} from './outbox-entry.ts';

/** A client of the package `pg`, or anything else with its `query`. */
export type PostgresClient = Readonly<{
  query(text: string, values?: unknown[]): Promise<Readonly<{ rows: readonly unknown[] }>>;
}>;

/** A connection of a pool of the package `pg`. */
export type PostgresConnection = PostgresClient &
  Readonly<{
    release(error?: boolean): void;
    on?(event: 'error', listener: (error: Error) => void): unknown;
    off?(event: 'error', listener: (error: Error) => void): unknown;
  }>;

/** A pool of the package `pg`. Each batch of a relay has one of its connections. */
export type PostgresPool = Readonly<{ connect(): Promise<PostgresConnection> }>;

/** Options of {@link postgresOutbox}. `table`: `name` or `schema.name` (default `tidings_outbox`). */
export type PostgresOutboxOptions = Readonly<{ pool: PostgresPool; table?: string }>;

/** An outbox in a table of PostgreSQL. */
export type PostgresOutbox<Events extends object = AnyEvents> = OutboxStore &
  Readonly<{
    /** The SQL that creates the table and its indexes unless they exist: for your migrations. */
    schema: string;
    /**
     * Adds an event to the transaction of `client`, and returns its id. An id that is in the outbox is not added again. Of
     * one ordering key, a second transaction waits here until the first has ended: that keeps their order. Rejects with
     * TypeError as publish does.
     */
    add: (client: PostgresClient, event: EventInput<Events>) => Promise<string>;
  }>;

const names: Names = { known: ['pool', 'table'], mistakenFor: { client: 'pool', tableName: 'table' } };
const identifier = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** Creates an outbox in PostgreSQL 11 or later. Throws TypeError for invalid options. */
export function postgresOutbox<Events extends object = AnyEvents>(
  options: PostgresOutboxOptions,
): PostgresOutbox<Events> {
  checkNames('the argument of postgresOutbox', options, names);
  const { pool, table = 'tidings_outbox' } = options;
  checkFunction('pool.connect', pool?.connect);
  const sql = statementsOf(table);
  return {
    schema: sql.schema,
    add: async (client, event) => {
      const { id, orderingKey, event: text } = entryOf(event as EventInput);
      if (orderingKey !== null) await client.query(sql.lockKey, [orderingKey]);
      await client.query(sql.insert, [id, orderingKey, text]);
      return id;
    },
    take: async (limit, leaseMs) => {
      const connection = await pool.connect();
      // The server may end an idle connection: the next query rejects then. Without a listener the process would end.
      const ignore = (): void => {};
      connection.on?.('error', ignore);
      const release = (isBroken: boolean): void => {
        connection.off?.('error', ignore);
        connection.release(isBroken);
      };
      try {
        const entries = await takeEntries(connection, sql, { limit, leaseMs });
        if (entries.length > 0) return takenOf(connection, sql, { entries, release });
        await connection.query('COMMIT');
        release(false);
        return null;
      } catch (error) {
        release(true);
        throw error;
      }
    },
  };
}

type Statements = ReturnType<typeof statementsOf>;

function statementsOf(table: unknown) {
  checkText('table', table);
  const parts = table.split('.');
  if (parts.length > 2 || !parts.every((part) => identifier.test(part))) {
    throw wrong('table', 'name or schema.name, of letters, digits and _', table);
  }
  const name = parts.map((part) => `"${part}"`).join('.');
  const index = `"${parts.at(-1)}_by_key"`;
  const columns = 'entry.id, entry.ordering_key, entry.event';
  return {
    schema: `CREATE TABLE IF NOT EXISTS ${name} (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  ordering_key text,
  event text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now(),
  refused text
);
CREATE INDEX IF NOT EXISTS ${index} ON ${name} (ordering_key, seq) WHERE refused IS NULL;`,
    // A sequence gives numbers in the order of the inserts, and others see rows in the order of the commits.
    lockKey: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))',
    insert: `INSERT INTO ${name} (id, ordering_key, event) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`,
    // The first of each key: whoever has locked it has the key, since no later one is the first while it exists.
    firsts: `SELECT ${columns} FROM ${name} AS entry
      WHERE entry.refused IS NULL AND (entry.ordering_key IS NULL OR NOT EXISTS (
        SELECT FROM ${name} AS earlier WHERE earlier.refused IS NULL
          AND earlier.ordering_key = entry.ordering_key AND earlier.seq < entry.seq))
      ORDER BY entry.seq LIMIT $1 FOR UPDATE OF entry SKIP LOCKED`,
    behind: `SELECT ${columns} FROM ${name} AS entry
      WHERE entry.refused IS NULL AND entry.ordering_key = ANY($1) AND entry.id <> ALL($2)
      ORDER BY entry.seq LIMIT $3`,
    remove: `DELETE FROM ${name} WHERE id = ANY($1)`,
    refuse: `UPDATE ${name} SET refused = $2 WHERE id = $1`,
  };
}

async function takeEntries(
  connection: PostgresConnection,
  sql: Statements,
  { limit, leaseMs }: Readonly<{ limit: number; leaseMs: number }>,
): Promise<readonly OutboxEntry[]> {
  await connection.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  // Of a relay that hangs, or whose machine is gone, the server ends the transaction.
  await connection.query(`SET LOCAL idle_in_transaction_session_timeout = ${leaseMs}`);
  const firsts = entriesOf(await connection.query(sql.firsts, [limit]));
  const keys = firsts.flatMap(({ orderingKey }) => (orderingKey === null ? [] : [orderingKey]));
  const left = limit - firsts.length;
  if (keys.length === 0 || left === 0) return firsts;
  const ids = firsts.map(({ id }) => id);
  return [...firsts, ...entriesOf(await connection.query(sql.behind, [keys, ids, left]))];
}

type Row = Readonly<{ id: string; ordering_key: string | null; event: string }>;

const entriesOf = ({ rows }: Readonly<{ rows: readonly unknown[] }>): OutboxEntry[] =>
  (rows as readonly Row[]).map(({ id, ordering_key, event }) => ({ id, orderingKey: ordering_key, event }));

function takenOf(
  connection: PostgresConnection,
  sql: Statements,
  { entries, release }: Readonly<{ entries: readonly OutboxEntry[]; release: (isBroken: boolean) => void }>,
): TakenEntries {
  return {
    entries,
    finish: async ({ sent, refused }: RelayOutcome) => {
      try {
        await connection.query(sql.remove, [sent]);
        for (const { id, reason } of refused) await connection.query(sql.refuse, [id, reason]);
        await connection.query('COMMIT');
        release(false);
      } catch (error) {
        release(true);
        throw error;
      }
    },
    abandon: async () => {
      try {
        await connection.query('ROLLBACK');
        release(false);
      } catch {
        // A connection that is broken has ended its transaction: the pool closes it.
        release(true);
      }
    },
  };
}
