import { Health } from '@tidings/runtime';
import { describe, expect, it, vi } from 'vitest';
import { startInBackground } from './index.ts';
import { recordingLogger } from './testing.ts';

const start = () => {
  const logger = recordingLogger();
  return { lines: logger.lines, parts: { name: 'fanout', logger, health: new Health() } };
};

const failure = new Error('no topic events');
const fail = () => Promise.reject(failure);

describe('startInBackground', () => {
  it('logs a failure and reports it as the part start', async () => {
    const { lines, parts } = start();
    startInBackground(parts, fail);
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    expect(lines).toEqual([
      {
        level: 'error',
        event: 'fanout.not-started',
        fields: { error: failure, detail: 'no topic events' },
      },
    ]);
    expect(parts.health.report()).toMatchObject({
      ready: false,
      live: true,
      parts: [{ name: 'start', state: 'down', reason: 'no topic events' }],
    });
  });

  it('reports a failure as the given part', async () => {
    const { parts } = start();
    startInBackground({ ...parts, part: parts.health.register('events') }, fail);
    await vi.waitFor(() =>
      expect(parts.health.report().parts).toEqual([
        { name: 'events', state: 'down', reason: 'no topic events' },
      ]),
    );
  });

  it('adds nothing to the report of a start that succeeds', async () => {
    const { lines, parts } = start();
    const work = vi.fn(async () => {});
    startInBackground(parts, work);
    await work.mock.results[0]?.value;
    expect(parts.health.report()).toEqual({ ready: true, live: true, parts: [] });
    expect(lines).toEqual([]);
  });
});
