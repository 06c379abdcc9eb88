import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { startBrokers } from './brokers.ts';
import { freePorts } from './ports.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-brokers-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('a port that is taken is named, with the setting that moves it', async () => {
  const [base = 0] = await freePorts('127.0.0.1', 1);
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(base, '127.0.0.1', resolve));
  try {
    await expect(
      startBrokers({ count: 1, dataDir: folder, portBase: base, portSetting: 'npm start -- --port-base N' }),
    ).rejects.toThrow(
      `port ${base} (Kafka broker 1) on 127.0.0.1 is taken by another program. End that program, or choose other ports with npm start -- --port-base N.`,
    );
  } finally {
    stranger.close();
  }
});
