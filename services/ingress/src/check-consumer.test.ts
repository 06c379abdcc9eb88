import { workspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { createCheckConsumer } from './check-consumer.ts';

const location = { workspaceId: workspaceId('ws_1'), pointer: '/events/3' };

const refusalOf = (policy: 'strict' | 'open', consumer: string | undefined): unknown => {
  const check = createCheckConsumer({ policyOf: () => policy, isKnown: (_, id) => id === 'acme' });
  try {
    check({ type: 'a', data: 1, ...(consumer === undefined ? {} : { consumer_id: consumer }) }, location);
    return null;
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.details?.[0]?.pointer];
    throw error;
  }
};

it('refuses an event for an unknown consumer of a strict workspace', () => {
  expect(refusalOf('strict', 'globex')).toEqual(['unprocessable', '/events/3/consumer_id']);
  expect(refusalOf('strict', 'acme')).toBeNull();
  expect(refusalOf('strict', undefined)).toBeNull();
  expect(refusalOf('open', 'globex')).toBeNull();
});
