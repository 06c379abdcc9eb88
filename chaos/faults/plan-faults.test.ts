import { describe, expect, it } from 'vitest';
import { randomOf } from '../run/random.ts';
import { isSystemFault, planFaults } from './plan-faults.ts';

const targets = {
  services: ['pipeline', 'management'],
  brokers: ['broker-1', 'broker-2', 'broker-3'],
  mongodb: 'mongodb',
  hasSmallDisks: false,
  spools: [] as string[],
} as const;

const plan = (seed: number, minutes = 60) => planFaults({ random: randomOf(seed), minutes, targets });

describe('a plan of faults', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(plan(7)).toEqual(plan(7));
    expect(plan(7)).not.toEqual(plan(8));
  });

  it('has every kind of fault and action within an hour, and every part is hit', () => {
    const faults = plan(3);
    const system = ['clock-step', 'delay', 'kill', 'partition', 'reset', 'stop'];
    const users = ['change-url', 'delete', 'disable', 'enable', 'redrive', 'replay', 'rotate-secret'];
    expect([...new Set(faults.map(({ fault }) => fault))].toSorted()).toEqual(
      [...system, ...users].toSorted(),
    );
    expect(new Set(faults.filter(isSystemFault).map(({ target }) => target)).size).toBe(8);
  });

  it('fills disks of brokers if these have disks of their own', () => {
    const filled = planFaults({
      random: randomOf(3),
      minutes: 60,
      targets: { ...targets, hasSmallDisks: true },
    }).filter(({ fault }) => fault === 'fill');
    expect(filled).not.toEqual([]);
    expect(filled.every((fault) => isSystemFault(fault) && fault.target.startsWith('broker-'))).toBe(true);
  });

  it('never takes a second broker before the first one has caught up', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const brokers = plan(seed).filter((fault) => isSystemFault(fault) && fault.target.startsWith('broker'));
      expect(brokers.length).toBeGreaterThan(10);
      for (const [index, { atMs }] of brokers.entries())
        expect(atMs - (brokers[index - 1]?.atMs ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(45_000);
    }
  });

  it('cuts all brokers off at once in every run, and breaks none of them meanwhile', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const faults = plan(seed, 1 + 10 * seed).filter(isSystemFault);
      const outages = faults.filter(({ target }) => target === 'kafka');
      expect(outages.length).toBeGreaterThan(2 * seed);
      const during = faults.filter(
        ({ target, atMs, forMs }) =>
          target.startsWith('broker') &&
          outages.some((outage) => atMs <= outage.atMs + outage.forMs && atMs + forMs >= outage.atMs),
      );
      expect(during).toEqual([]);
    }
    expect(plan(6, 1).filter((fault) => isSystemFault(fault) && fault.target === 'kafka')).toHaveLength(1);
  });

  it('fills the disk of a spool for a part of each such time', () => {
    const spools = ['spool-1', 'spool-2'];
    const faults = planFaults({ random: randomOf(3), minutes: 60, targets: { ...targets, spools } });
    const system = faults.filter(isSystemFault);
    const filled = system.filter(({ target }) => target.startsWith('spool'));
    expect(new Set(filled.map(({ target }) => target)).size).toBe(2);
    for (const { fault, atMs, forMs } of filled) {
      expect(fault).toBe('fill');
      expect(forMs).toBeGreaterThan(2_000);
      const outage = system.find(
        (each) => each.target === 'kafka' && each.atMs < atMs && each.atMs > atMs - 14_000,
      );
      expect((outage?.atMs ?? 0) + (outage?.forMs ?? 0)).toBeGreaterThan(atMs + forMs);
    }
  });

  it('leaves the end of the run alone', () => {
    for (const { atMs } of plan(4, 5)) expect(atMs).toBeLessThan(5 * 60_000 - 15_000);
  });

  it('takes no broker, and cuts none off, when there is only one', () => {
    const single = planFaults({
      random: randomOf(1),
      minutes: 60,
      targets: { ...targets, brokers: ['broker-1'] },
    });
    const ofKafka = ['broker-1', 'kafka'];
    expect(single.filter((fault) => isSystemFault(fault) && ofKafka.includes(fault.target))).toEqual([]);
  });
});
