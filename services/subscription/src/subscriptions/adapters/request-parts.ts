import type { IncomingMessage } from 'node:http';
import { consumerId, isEventPattern, subscriptionId, workspaceId } from '@tidings/contracts';
import {
  decodeCursor,
  encodeCursor,
  pageLimit,
  parseJson,
  principalOf,
  rawBodyOf,
  type Validate,
} from '@tidings/http';
import { AppError } from '@tidings/runtime';
import type { Request } from 'express';
import type { IfMatch, Target } from '../../registry/write-version.ts';
import { limits } from '../domain/limits.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { Reach } from '../ports.ts';
import type { ListFilters, ListPlace } from '../read-subscriptions.ts';

const badRequest = (pointer: string, detail: string): AppError =>
  new AppError({ code: 'invalid-request', message: detail, details: [{ pointer, detail }] });

/** How far the key of a request sees. */
export function reachOf(request: IncomingMessage): Reach {
  const { workspaceId: workspace, consumerId: consumer } = principalOf(request);
  return {
    workspaceId: workspaceId(workspace),
    consumerId: consumer === null ? null : consumerId(consumer),
  };
}

/**
 * The versions that If-Match allows: strong tags of ours, compared strongly (RFC 9110 section 13.1.1), so a weak tag or
 * one that is not ours matches nothing. `*` asks only that the object exists, which every route does anyway.
 */
function ifMatchOf(request: IncomingMessage): IfMatch {
  const header = request.headers['if-match'];
  if (header === undefined || header.trim() === '*') return null;
  return new Set(
    header.split(',').flatMap((tag) => /^\s*"(\d{1,15})"\s*$/.exec(tag)?.slice(1, 2).map(Number) ?? []),
  );
}

/** The tag of a version. */
export const etagOf = ({ version }: Pick<Subscription, 'version'>): string => `"${version}"`;

/** Which subscription a request means. */
export const targetOf = (request: Request): Target => ({
  reach: reachOf(request),
  id: subscriptionId(String(request.params['id'])),
  ifMatch: ifMatchOf(request),
});

/** The Idempotency-Key, bare or as a quoted string (draft-ietf-httpapi-idempotency-key-header-07); null without one. */
export function idempotencyKeyOf(request: IncomingMessage): string | null {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return null;
  const text = typeof header === 'string' ? header : header.join(',');
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (/^[\x20-\x7e]+$/.test(key) && key.length <= limits.idempotencyKeyLength) return key;
  const detail = `Idempotency-Key must be 1 to ${limits.idempotencyKeyLength} printable ASCII characters, got ${key.length}.`;
  throw badRequest('', detail);
}

// Far more than any field needs. Whatever walks a body after this may do so by calling itself.
const maxDepth = 32;

function isDeeperThan(value: unknown, levels: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
    if (level.length === 0) return false;
  }
  return true;
}

/** The JSON body, checked against its schema and for its depth. */
export function bodyOf<T>(request: IncomingMessage, validate: Validate<T>): T {
  const body = parseJson(request, validate);
  if (!isDeeperThan(body, maxDepth)) return body;
  const detail = `The body has objects and arrays more than ${maxDepth} levels deep.`;
  throw new AppError({ code: 'unprocessable', message: detail, details: [{ pointer: '', detail }] });
}

/** The JSON body of a route that can do without one. */
export const optionalBody = <T>(request: IncomingMessage, validate: Validate<T>, empty: T): T =>
  rawBodyOf(request).length === 0 ? empty : parseJson(request, validate);

const states: readonly Subscription['state'][] = ['active', 'disabled', 'deleted'];
const listParameters = ['consumer_id', 'event', 'state', 'limit', 'cursor'];

function queryText(request: Request, name: string): string | undefined {
  const value = request.query[name];
  if (value === undefined || typeof value === 'string') return value;
  throw badRequest(`/${name}`, `${name} may be given once.`);
}

function filtersOf(request: Request): ListFilters {
  for (const name of Object.keys(request.query)) {
    if (listParameters.includes(name)) continue;
    const detail = `There is no parameter '${name.slice(0, 40)}': the list takes ${listParameters.join(', ')}.`;
    throw badRequest(`/${name}`, detail);
  }
  const event = queryText(request, 'event');
  if (event !== undefined && !isEventPattern(event)) {
    throw badRequest(
      '/event',
      `event must be a name such as order.created, or order.*, got '${event.slice(0, 80)}'.`,
    );
  }
  const stateText = queryText(request, 'state');
  const state = states.find((known) => known === stateText);
  if (stateText !== undefined && state === undefined) {
    throw badRequest('/state', `state must be one of ${states.join(', ')}, got '${stateText.slice(0, 40)}'.`);
  }
  return { consumer_id: queryText(request, 'consumer_id'), event, state };
}

/** What a list is asked for, and how the cursor to its next page is made. */
export type ListRequest = Readonly<{
  filters: ListFilters;
  place: ListPlace;
  cursorAfter(id: string | null): string | null;
}>;

/** Reads the query of a list. Throws AppError `invalid-request` with a pointer to the parameter. */
export function listRequestOf(request: Request): ListRequest {
  const filters = filtersOf(request);
  const reach = reachOf(request);
  const binding = { workspaceId: reach.workspaceId, filters: { ...filters, reach: reach.consumerId } };
  const cursor = queryText(request, 'cursor');
  const position = cursor === undefined ? null : decodeCursor(cursor, binding);
  if (position !== null && typeof position !== 'string')
    throw badRequest('/cursor', 'The cursor is malformed.');
  return {
    filters,
    place: { afterId: position, limit: pageLimit(request.query['limit']) },
    cursorAfter: (id) => (id === null ? null : encodeCursor(id, binding)),
  };
}
