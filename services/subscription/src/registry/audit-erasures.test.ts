import { consumerId, type DataErased, eventId, workspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { MemoryAuditLog } from '../../test/memory/memory-audit-log.ts';
import { createAuditErasures } from './audit-erasures.ts';

const demo = workspaceId('ws_demo');
const anErasure = (n: number, scope: DataErased['scope']): DataErased => ({
  ...{ type: 'DataErased.v1', erasureId: `job_${String(n).repeat(32)}`, workspaceId: demo, scope },
  ...{ beforeMs: 1_790_000_000_000, requestedBy: 'key_admin', requestedAtMs: 1_790_000_000_000 + n },
  reason: 'request 4711',
});

const erasures = [
  anErasure(1, { kind: 'consumer', consumerId: consumerId('acme') }),
  anErasure(2, { kind: 'event', eventId: eventId(`evt_${'a'.repeat(32)}`) }),
];

const listed = async (audit: MemoryAuditLog) =>
  (
    await audit.list(
      { workspaceId: demo, consumerId: null },
      {
        kind: 'erasure',
        entityId: null,
        keyId: null,
        afterMs: undefined,
        beforeMs: undefined,
        afterId: null,
        limit: 9,
      },
    )
  ).items;

it('writes one entry for each erasure, also in a process that starts later', async () => {
  const audit = new MemoryAuditLog();
  for (let process = 0; process < 2; process += 1) {
    const run = createAuditErasures({ audit, erasures });
    await run();
    await run();
  }
  expect(await listed(audit)).toMatchObject([
    {
      ...{
        entityId: erasures[1]?.erasureId,
        consumerId: null,
        operation: 'created',
        version: 1,
        before: null,
      },
      after: { event_id: `evt_${'a'.repeat(32)}`, reason: 'request 4711' },
    },
    {
      ...{ id: expect.stringMatching(/^aud_[0-9a-f]{32}$/) as string, kind: 'erasure', consumerId: 'acme' },
      ...{ actor: { keyId: 'key_admin', address: null }, after: { consumer_id: 'acme' } },
    },
  ]);
});

it('does not publish again what is in the log already', async () => {
  const audit = new MemoryAuditLog();
  await createAuditErasures({ audit, erasures })();
  await audit.markPublished((await listed(audit)).map(({ id }) => id));
  await createAuditErasures({ audit, erasures })();
  expect(await audit.listUnpublished(9)).toEqual([]);
});

it('repeats what it could not write', async () => {
  const audit = new MemoryAuditLog();
  let failures = 1;
  const run = createAuditErasures({
    erasures,
    audit: {
      list: async (scope, query) => audit.list(scope, query),
      append: async (entry) => {
        if (failures-- > 0) throw new AppError({ code: 'unavailable', message: 'MongoDB is away' });
        return audit.append(entry);
      },
    },
  });
  await expect(run()).rejects.toThrow(/away/);
  await run();
  expect(await listed(audit)).toHaveLength(2);
});
