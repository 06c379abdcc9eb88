import pg from 'pg';
import { createClient } from '../client/create-client.ts';
import { createRelay } from './create-relay.ts';
import { postgresOutbox } from './postgres-outbox.ts';

// A relay in a process of its own, which a test kills. Its arguments: PostgreSQL, the table, the API.
const [connectionString, table = '', url = ''] = process.argv.slice(2);
const pool = new pg.Pool({ ...(connectionString === undefined ? {} : { connectionString }), max: 2 });
const outbox = postgresOutbox({ pool, table });
const tidings = createClient({ url, apiKey: 'key_x' });
const ended = new AbortController();
process.once('SIGTERM', () => ended.abort());
process.stdout.write('ready\n');
await createRelay({ outbox, tidings, batchSize: 10, idleMs: 20 }).run(ended.signal);
await pool.end();
