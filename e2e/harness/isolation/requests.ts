import type { Operation } from '../operations.ts';
import type { Owned, Try } from './access.ts';
import { queryAims } from './query-aims.ts';
import { isolationRules } from './rules.ts';

/** A request ready to be sent. */
export type Request = Readonly<{ method: string; path: string; body: unknown }>;

/** Builds the request of an access to the objects that `owned` names. */
export function requestOf({ method, path }: Operation, aim: Try, owned: Owned): Request {
  const params = aim.params?.(owned) ?? {};
  const query = new URLSearchParams(aim.query?.(owned) ?? {}).toString();
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  return { method, path: query === '' ? filled : `${filled}?${query}`, body: aim.body?.(owned) };
}

/**
 * Returns all accesses of an operation: those of its rule and, for a list, one more for each parameter that can name an
 * object.
 */
export function triesOf(operation: Operation): readonly Try[] {
  const rule = isolationRules[operation.operationId];
  if (rule === undefined || rule === 'public') return [];
  const [first] = rule;
  if (operation.method !== 'GET' || operation.path.includes('{') || first === undefined) return rule;
  const aimed = operation.query.flatMap((name) => {
    const aim = queryAims[name];
    return aim == null ? [] : [{ ...first, query: (owned: Owned) => ({ [name]: aim(owned) }) }];
  });
  return [...rule, ...aimed];
}
