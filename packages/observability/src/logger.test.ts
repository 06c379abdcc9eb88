import { describe, expect, it } from 'vitest';
import { createLogger, type LogLevel, silentLogger } from './index.ts';
import { recordingLogger } from './testing.ts';

function written(level: LogLevel = 'info') {
  const lines: Record<string, unknown>[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { lines, logger: createLogger({ service: 'test', level, stream }) };
}

describe('createLogger', () => {
  it('writes JSON lines with level, time, service, event and fields', () => {
    const { lines, logger } = written();
    logger.info({ eventId: 'evt_1', tookMs: 3 }, 'event.accepted');
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        service: 'test',
        eventId: 'evt_1',
        tookMs: 3,
        event: 'event.accepted',
      },
    ]);
  });

  it('omits lines below its level', () => {
    const { lines, logger } = written('warn');
    logger.debug({}, 'a.b');
    logger.info({}, 'a.b');
    logger.warn({}, 'c.d');
    logger.error({}, 'e.f');
    expect(lines.map((line) => line['event'])).toEqual(['c.d', 'e.f']);
  });

  it('binds fields to children and their children', () => {
    const { lines, logger } = written();
    logger.child({ a: 1 }).child({ b: 2 }).info({ c: 3 }, 'a.b');
    expect(lines[0]).toMatchObject({ a: 1, b: 2, c: 3 });
  });

  it('writes errors with type, message, stack and cause', () => {
    const { lines, logger } = written();
    const error = new TypeError('wrong', { cause: new Error('root') });
    logger.error({ error }, 'a.failed');
    const shape = {
      type: 'TypeError',
      message: 'wrong: root',
      stack: expect.stringContaining('root') as string,
    };
    expect(lines[0]).toMatchObject({ error: shape });
  });

  it('does not interpret an event name as a format', () => {
    const { lines, logger } = written();
    logger.info({ a: 1 }, '100 %s %d');
    expect(lines[0]?.['event']).toBe('100 %s %d');
  });
});

describe('the recording logger', () => {
  it('keeps its lines and those of its children', () => {
    const logger = recordingLogger();
    logger.child({ id: 'x' }).warn({ n: 1 }, 'a.b');
    expect(logger.lines).toEqual([{ level: 'warn', event: 'a.b', fields: { id: 'x', n: 1 } }]);
  });
});

describe('the silent logger', () => {
  it('writes nothing', () => {
    expect(() => silentLogger.child({}).error({}, 'a.b')).not.toThrow();
  });
});
