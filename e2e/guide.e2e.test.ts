import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@tidings/local-stack';
import { eventually } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { Caller } from './harness/caller.ts';
import { DocumentedShell, documentedBlocks, linesOf } from './harness/documented-commands.ts';
import { inOwnWorkspace, sharedTidings } from './harness/shared-tidings.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const blocks = documentedBlocks(join(root, 'docs/guide.md'));

type Delivery = Readonly<{ status: string; attempt_count: number; next_attempt_at: string | null }>;
type CompletedRuns = Readonly<{ data: readonly object[] }>;
type Listed = Readonly<{ data: readonly Delivery[] }>;

// A retry of a delivery whose attempt is under way is refused with 409.
const soonMs = 10_000;

it('every command of the guide does what the guide says', async () => {
  const [port = 0] = await freePorts('127.0.0.1', 1);
  const own = await inOwnWorkspace(await sharedTidings(), `ws_guide_${port}`);
  const caller = new Caller(own.url, own.admin_key);
  const folder = await mkdtemp(join(tmpdir(), 'tidings-guide-'));
  // The examples find the stack and the workspace by it.
  await writeFile(join(folder, 'local.json'), JSON.stringify(own), { mode: 0o600 });
  const shell = new DocumentedShell({
    ...{ folder, cwd: root },
    env: {
      ...process.env,
      PATH: [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
      ...{ TIDINGS_URL: own.url, TIDINGS_API_KEY: own.admin_key },
      TIDINGS_DATA: folder,
      ...{ PORT: String(port), INBOX: join(folder, 'inbox') },
    },
  });
  onTestFinished(async () => {
    await shell.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /**
   * Waits until the lists show each event that the shop has published and each run that the worker has ended, as somebody
   * does who reads on, and no attempt follows soon.
   */
  const untilShown = async (): Promise<void> => {
    const published = linesOf(shell.output()).filter((line) => line === 'evt_…').length;
    const confirmed = linesOf(shell.output()).filter((line) => line.startsWith('confirmed ')).length;
    await eventually(async () => {
      const runs = await caller.call<CompletedRuns>('GET', '/webhooks/runs?status=completed');
      expect(runs.data.length).toBeGreaterThanOrEqual(confirmed);
      const { data } = await caller.call<Listed>('GET', '/webhooks/deliveries?event_type=order.created');
      expect(data.length).toBeGreaterThanOrEqual(published);
      for (const { status, attempt_count: attempts, next_attempt_at: next } of data) {
        expect(attempts).toBeGreaterThan(0);
        // Without a time it is about to be sent.
        if (status === 'retrying') expect(Date.parse(next ?? '')).toBeGreaterThan(Date.now() + soonMs);
      }
    });
  };

  expect(blocks.length).toBeGreaterThan(15);
  for (const block of blocks) {
    const from = shell.output().length;
    const { ended } = await shell.start(block);
    const { commands, exits, output } = block;
    await eventually(() => expect({ commands, exits: ended() }).toEqual({ commands, exits }), {
      timeoutMs: 60_000,
    }).catch((error: unknown) => {
      throw new Error(`a command of the guide failed:\n${shell.output(from)}`, { cause: error });
    });
    await eventually(() => {
      // Of a command that prints more, and more often, the guide shows some lines.
      const printed = linesOf(shell.output(from));
      for (const line of new Set(output)) {
        const count = output.filter((other) => other === line).length;
        expect({ commands, line, count: printed.filter((other) => other === line).length }).toEqual({
          ...{ commands, line, count },
        });
      }
    });
    await untilShown();
  }
});
