import type { Documents } from '../documents.ts';
import type { Versioned } from '../domain/versioned.ts';
import type { DocumentStore, Listed, PageRequest, Where } from '../ports.ts';

/** What the sweep works with. */
export type SweepParts<T extends Versioned> = Pick<Documents<T>, 'kind' | 'outbox' | 'metrics'> &
  Readonly<{ store: Pick<DocumentStore<T>, 'listAll'> }>;

const pageSize = 200;

/** Every page of a list, one after the other, so that the memory in use stays that of one page. */
export async function* pagesOf<T>(
  read: (request: PageRequest) => Promise<Listed<T>>,
  limit = pageSize,
): AsyncGenerator<readonly T[]> {
  let afterId: string | null = null;
  do {
    const { items, nextAfterId }: Listed<T> = await read({ afterId, limit });
    yield items;
    afterId = nextAfterId;
  } while (afterId !== null);
}

const unpublished: Where = { in: { unpublished: [true] } };
const unaudited: Where = { in: { unaudited: [true] } };

/**
 * Publishes every version that the topic has not acknowledged: what a crash between write and publish left, and what
 * could not be published before. Says how many it found that no request is publishing at this moment.
 */
export async function sweepUnpublished<T extends Versioned>(parts: SweepParts<T>): Promise<number> {
  const { kind, outbox, metrics } = parts;
  const found = await sweep(parts, unpublished, async (entity) => outbox.publish(entity, 'sweep'));
  metrics.unpublished.set({ kind: kind.name }, found);
  return found;
}

/** Copies to the audit log what a crash between write and copy left. Says how many it found. */
export const sweepUnaudited = async <T extends Versioned>(parts: SweepParts<T>): Promise<number> =>
  sweep(parts, unaudited, async (entity) => parts.outbox.copyAudit(entity));

async function sweep<T extends Versioned>(
  { store, outbox }: SweepParts<T>,
  where: Where,
  settle: (entity: T) => Promise<boolean>,
): Promise<number> {
  let found = 0;
  for await (const page of pagesOf(async (request) => store.listAll({ ...request, where }))) {
    const left = page.filter(({ id }) => !outbox.isBusy(id));
    found += left.length;
    const done = await Promise.all(left.map(settle));
    // It does not answer: the rest would only wait for the same.
    if (done.length > 0 && !done.includes(true)) break;
  }
  return found;
}
