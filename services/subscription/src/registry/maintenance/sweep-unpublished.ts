import type { Documents } from '../documents.ts';
import type { Versioned } from '../domain/versioned.ts';
import type { DocumentStore, Listed, PageRequest, Where } from '../ports.ts';

/** Dependencies of the sweep. */
export type SweepParts<T extends Versioned> = Pick<Documents<T>, 'kind' | 'outbox' | 'metrics'> &
  Readonly<{ store: Pick<DocumentStore<T>, 'listAll' | 'findAnywhere'> }>;

const pageSize = 200;

/** Yields every page of a list in order, so that only one page is in memory at a time. */
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
 * Publishes every version that the topic has not acknowledged, because of a crash between write and publish or a failed
 * publish. Returns how many it found that no request is publishing at the moment.
 */
export async function sweepUnpublished<T extends Versioned>(parts: SweepParts<T>): Promise<number> {
  const { kind, store, outbox, metrics } = parts;
  const found = await sweep(parts, unpublished, async ({ id }) => {
    // A request may have published a version, or written the next one, after the page was read.
    const current = await store.findAnywhere(id);
    return current?.isUnpublished !== true || outbox.publish(current, 'sweep');
  });
  metrics.unpublished.set({ kind: kind.name }, found);
  return found;
}

/** Copies audit entries to the log that a crash between write and copy left. Returns how many it found. */
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
    // Nothing on this page succeeded: the remaining pages would fail in the same way.
    if (done.length > 0 && !done.includes(true)) break;
  }
  return found;
}
