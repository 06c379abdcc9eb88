import { describe, expect, it } from 'vitest';
import { selectServices, serviceNames } from './select-services.ts';

describe('selectServices', () => {
  it.each([undefined, '', ' ', 'all', ' all '])('selects every service for %j', (SERVICES) => {
    expect(selectServices({ SERVICES })).toEqual(serviceNames);
  });

  it('selects the named ones, each once, in one order', () => {
    expect(selectServices({ SERVICES: 'delivery, ingress,delivery' })).toEqual(['ingress', 'delivery']);
  });

  it.each(['everything', 'ingress,', 'ingress,registry', 'all,ingress'])('refuses %j', (SERVICES) => {
    expect(() => selectServices({ SERVICES })).toThrow(
      `SERVICES must be all or a comma list of console, ingress, subscription, history, fanout, delivery, got '${SERVICES}'`,
    );
  });

  it('quotes only the beginning of a long value', () => {
    expect(() => selectServices({ SERVICES: 'x'.repeat(5_000) })).toThrow(/got 'x{100}'$/);
  });
});
