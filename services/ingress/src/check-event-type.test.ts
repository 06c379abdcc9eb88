import { workspaceId } from '@tidings/contracts';
import { createMetrics, silentLogger } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import { createCheckEventType } from './check-event-type.ts';
import { metricsCatalogue } from './metrics.ts';
import type { EventTypeEntry } from './ports.ts';

const entry: EventTypeEntry = {
  state: 'active',
  mode: 'enforce',
  audience: 'broadcast',
  deprecatedAtMs: null,
  sunsetAtMs: null,
  checkData: null,
};

const given = (policy: 'strict' | 'open', names: readonly string[]) => {
  const metrics = createMetrics(metricsCatalogue, { service: 'ingress', nodeMetrics: false });
  const check = createCheckEventType({
    eventTypes: {
      isLoaded: () => true,
      find: (_workspaceId, name) => (names.includes(name) ? entry : undefined),
      names: (_workspaceId, limit) => names.slice(0, limit),
    },
    policyOf: () => policy,
    onUnregistered: () => {},
    logger: silentLogger,
    metrics: metrics.handles,
  });
  const data = Buffer.from('1');
  const location = { workspaceId: workspaceId('ws'), pointer: '/events/3' };
  return (type: string) => check({ request: { type, data: 1 }, data }, location);
};

const refusalOf = (run: () => unknown): AppError => {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('it was not refused');
};

describe('a name that is not registered', () => {
  it('is accepted in an open workspace', () => {
    expect(given('open', ['a'])('b')).toBeNull();
  });

  it('is refused in a strict workspace, with at most 20 registered names', () => {
    expect(given('strict', ['a'])('a')).toBeNull();
    const refusal = refusalOf(() => given('strict', ['a', 'b'])('c'));
    expect(refusal).toMatchObject({
      code: 'unprocessable',
      details: [{ pointer: '/events/3/type', detail: "'c' is not registered; registered are a, b" }],
    });
    const many = Array.from({ length: 30 }, (_, i) => `t${i}`);
    expect(refusalOf(() => given('strict', many)('c')).message).toMatch(/t19 and perhaps more/);
    expect(refusalOf(() => given('strict', [])('c')).message).toMatch(/none is registered/);
  });
});
