import { isEventPattern } from '@tidings/contracts';
import { type PageQuery, type Principal, pageParameters, queryOf } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { scopeOf } from '../../registry/adapters/call-scope.ts';
import { cursorPosition } from '../../registry/adapters/cursor-position.ts';
import type { ListFilters, ListPosition } from '../read-subscriptions.ts';

/** Path parameters of one subscription. */
export const subscriptionParams = {
  id: { type: 'string', pattern: '^sub_[0-9A-Za-z]{1,64}$', description: 'The id of the subscription.' },
} as const;

/** Query parameters of the list. */
export type ListQuery = PageQuery &
  Readonly<{ consumer_id?: string; event?: string; state?: 'active' | 'disabled' | 'deleted' }>;

/** Parser of the list's query. */
export const listQuery = queryOf<ListQuery>({
  consumer_id: { type: 'string', minLength: 1, maxLength: 128, description: 'Only those of this consumer.' },
  event: {
    type: 'string',
    minLength: 1,
    maxLength: 200,
    description: 'Only those that match an event of this name, or all events of a family such as `order.*`.',
  },
  state: {
    type: 'string',
    enum: ['active', 'disabled', 'deleted'],
    description: 'Default: all that are not deleted.',
  },
  ...pageParameters,
});

/** Parameters of a list request, and the function that creates the cursor of its next page. */
export type ListRequest = Readonly<{
  filters: ListFilters;
  position: ListPosition;
  cursorAfter(id: string | null): string | null;
}>;

/** Reads the query of a list. Throws AppError `invalid-request` with a pointer to the parameter. */
export function listRequestOf(principal: Principal, query: ListQuery): ListRequest {
  const { consumer_id, event, state, cursor, limit } = query;
  if (event !== undefined && !isEventPattern(event)) {
    const detail = `event must be a name such as order.created, or order.*, got '${event}'.`;
    throw new AppError({
      code: 'invalid-request',
      message: detail,
      details: [{ pointer: '/event', detail }],
    });
  }
  const filters = { consumer_id, event, state };
  const scope = scopeOf(principal);
  const binding = { workspaceId: scope.workspaceId, filters: { ...filters, scope: scope.consumerId } };
  const { afterId, cursorAfter } = cursorPosition(cursor, binding);
  return { filters, position: { afterId, limit }, cursorAfter };
}
