import { type PageQuery, pageParameters, queryOf, readTime, timeParameter } from '@tidings/http';
import { auditView } from '../../audit/adapters/audit-view.ts';
import type { AuditFilters, AuditStore } from '../../audit/ports.ts';
import type { RowRequest, RowSource } from '../ports.ts';
import { earlier, readFilter } from './row-filter.ts';

const atOnce = 500;

/** The columns of audit entries. */
const auditColumns = [
  ...['id', 'at', 'operation', 'kind', 'entity_id', 'consumer_id', 'version'],
  ...['actor.key_id', 'actor.address', 'before', 'after'],
] as const;

type AuditQuery = PageQuery &
  Readonly<{ kind?: string; entity_id?: string; key_id?: string; after?: string; before?: string }>;

const text = { type: 'string', minLength: 1, maxLength: 256 } as const;

// As the audit log of the registry takes them.
const auditQuery = queryOf<AuditQuery>({
  kind: text,
  entity_id: text,
  key_id: text,
  after: timeParameter('Only changes after this time.'),
  before: timeParameter('Only changes before this time.'),
  ...pageParameters,
});

const timesOf = ({ after, before }: AuditQuery): Pick<AuditFilters, 'afterMs' | 'beforeMs'> => ({
  ...(after === undefined ? {} : { afterMs: readTime(after, 'after') }),
  ...(before === undefined ? {} : { beforeMs: readTime(before, 'before') }),
});

const filtersOf = (request: RowRequest): AuditFilters =>
  readFilter(request, (filter) => {
    const query = auditQuery.read(filter);
    const { kind, entity_id, key_id } = query;
    const { beforeMs, ...times } = timesOf(query);
    return {
      workspaceId: request.workspaceId,
      ownerId: request.ownerId,
      ...(kind === undefined ? {} : { kind }),
      ...(entity_id === undefined ? {} : { entityId: entity_id }),
      ...(key_id === undefined ? {} : { keyId: key_id }),
      ...times,
      beforeMs: earlier(beforeMs, request.beforeMs),
    };
  });

/** Returns the source of audit entries. `readNew`: stores what is in the topic now. */
export const auditRows = (
  store: Pick<AuditStore, 'list' | 'count'>,
  readNew: () => Promise<void>,
): RowSource => ({
  columns: auditColumns,
  check: (request) => void filtersOf(request),
  count: async (request) => {
    await readNew();
    return store.count(filtersOf(request));
  },
  read: async (request, after) => {
    const page = { limit: atOnce, afterId: after as string | null };
    const found = await store.list(filtersOf(request), page);
    const next = found.length < atOnce ? null : (found.at(-1)?.id ?? null);
    return { rows: found.map(auditView), read: found.length, next };
  },
});
