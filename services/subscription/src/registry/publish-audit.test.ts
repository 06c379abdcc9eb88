import { type AuditRecorded, decodeAudit, topics } from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { AppError } from '@tidings/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { anEntry } from '../../test/a-subscription.ts';
import { MemoryAuditLog } from '../../test/memory/memory-audit-log.ts';
import { auditPublisher } from './adapters/kafka-audit-topic.ts';
import { type PublishAuditParts, publishAudit } from './publish-audit.ts';

const idOf = (n: number): string => `aud_${String(n).padStart(6, '0')}`;

describe('publishing the audit log', () => {
  let bus: MemoryBus;
  let audit: MemoryAuditLog;
  let parts: PublishAuditParts;
  beforeEach(async () => {
    bus = createMemoryBus();
    audit = new MemoryAuditLog();
    parts = { audit, publish: auditPublisher(await bus.producer()) };
  });
  const append = async (...numbers: readonly number[]) => {
    for (const n of numbers) await audit.append({ ...anEntry, id: idOf(n) });
  };
  const published = (): readonly AuditRecorded[] =>
    bus.records(topics.audit).map((record) => decodeAudit(record));
  const numbers = (): readonly number[] => published().map(({ id }) => Number(id.slice(4)));

  it('writes the whole log once, and then each new entry', async () => {
    await append(1, 2);
    await publishAudit(parts);
    expect(new Set(numbers())).toEqual(new Set([1, 2]));
    const [first] = published();
    const { id: _, ...rest } = anEntry;
    expect(first).toEqual({ ...rest, type: 'AuditRecorded.v1', id: idOf(1) });
    const before = published().length;
    await append(3);
    expect(await publishAudit(parts)).toBe(1);
    expect(await publishAudit(parts)).toBe(0);
    expect(numbers().slice(before)).toEqual([3]);
  });

  it('writes a long log in parts', async () => {
    await append(...Array.from({ length: 450 }, (_, n) => n));
    await publishAudit(parts);
    expect(new Set(numbers()).size).toBe(450);
  });

  it('loses no entry to a crash at any step: it is written again', async () => {
    await publishAudit(parts);
    await append(1, 2, 3);
    const steps = ['publish', 'markPublished'] as const;
    for (const step of steps) {
      const crash = async (): Promise<never> => {
        throw new AppError({ code: 'unavailable', message: `killed at ${step}` });
      };
      const broken: PublishAuditParts =
        step === 'publish'
          ? { ...parts, publish: crash }
          : {
              ...parts,
              audit: {
                listUnpublished: async (limit) => audit.listUnpublished(limit),
                listUncopied: async (limit) => audit.listUncopied(limit),
                markCopied: async (id) => audit.markCopied(id),
                markPublished: crash,
              },
            };
      await expect(publishAudit(broken)).rejects.toThrow(step);
    }
    await publishAudit(parts);
    expect([...new Set(numbers())]).toEqual([1, 2, 3]);
    expect(await audit.listUnpublished(10)).toEqual([]);
  });

  it('continues the copy of the log where a crash has interrupted it', async () => {
    await append(...Array.from({ length: 250 }, (_, n) => n));
    let calls = 0;
    const publish: PublishAuditParts['publish'] = async (entries) => {
      calls += 1;
      if (calls === 2) throw new AppError({ code: 'unavailable', message: 'no brokers' });
      await parts.publish(entries);
    };
    await expect(publishAudit({ ...parts, publish })).rejects.toThrow('no brokers');
    expect(numbers()).toHaveLength(200);
    await publishAudit(parts);
    expect(new Set(numbers()).size).toBe(250);
  });
});
