import { largeDataKey, newEventId, workspaceId } from '@tidings/contracts';
import { expect, it } from 'vitest';
import { type EraseParts, eraseEventPage } from './erase-stored.ts';

const workspace = workspaceId('acme');
const eventId = newEventId(0);
const key = largeDataKey({ workspaceId: workspace, eventId, sha256: 'a'.repeat(64) });

const given = () => {
  const objects = new Set([key]);
  const stores = {
    events: {
      erase: async () => {
        // A copy of the object to itself, by which a dead letter makes it young again, ends after the deletion.
        objects.add(key);
        return 1;
      },
      list: async () => [{ id: eventId, dataSha256: 'a'.repeat(64), acceptedAtMs: 1 }],
    },
    deliveries: { list: async () => [], read: async () => new Map() },
    deadLetters: { list: async () => [], readContents: async () => new Map(), erase: async () => {} },
  };
  const storage = {
    list: async function* (prefix: string) {
      for (const one of objects) if (one.startsWith(prefix)) yield { key: one, bytes: 1, modifiedAtMs: 0 };
    },
    delete: async (one: string) => void objects.delete(one),
  };
  return { objects, parts: { stores, erasures: {}, storage } as unknown as EraseParts };
};

it.each([
  ['an event', { scope: { kind: 'event', eventId } }],
  ['a consumer', { scope: { kind: 'consumer', consumerId: 'c' }, beforeMs: 2 }],
])('the erasure of %s removes data that were put back while it ran', async (_name, spec) => {
  const { objects, parts } = given();
  const job = { workspaceId: workspace, spec } as unknown as Parameters<typeof eraseEventPage>[1];
  await eraseEventPage(parts, job, null);
  expect([...objects]).toEqual([]);
});
