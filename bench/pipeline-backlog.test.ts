import { describe, expect, it } from 'vitest';
import { detoursIn, named, since } from './pipeline-backlog.ts';

describe('the pipeline backlog', () => {
  it('is read from the metrics of the delivery service', () => {
    const metrics = [
      '# TYPE tidings_delivery_spills_total counter',
      'tidings_delivery_spills_total{reason="head-too-old",service="delivery"} 382',
      'tidings_delivery_spills_total{reason="queue-full",service="delivery"} 0',
      'tidings_delivery_retries_scheduled_total{service="delivery"} 5',
      'tidings_delivery_attempts_total{outcome="delivered",service="delivery"} 42000',
    ].join('\n');
    expect(detoursIn(metrics)).toEqual({ 'head-too-old': 382, 'failed, retried': 5 });
  });

  it('is the difference from the earlier counts', () => {
    const waiting = since(
      { 'tidings.dead-letters': 3 },
      { 'tidings.dead-letters': 3, 'tidings.retry.1m': 592 },
    );
    expect(waiting).toEqual({ 'tidings.retry.1m': 592 });
    expect(named(waiting)).toBe('592 tidings.retry.1m');
  });
});
