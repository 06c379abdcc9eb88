import { expect, it } from 'vitest';
import { findDemoInbox } from './demo-inbox.ts';

const demo = {
  id: 'sub_1',
  endpoint_url: 'http://127.0.0.1:8706/webhooks',
  events: ['demo.*'],
  is_active: true,
};

it('finds the inbox of npm start, working or broken', () => {
  const found = {
    subscriptionId: 'sub_1',
    pageUrl: 'http://127.0.0.1:8706/',
    workingUrl: 'http://127.0.0.1:8706/webhooks',
    brokenUrl: 'http://127.0.0.1:8706/webhooks/broken',
  };
  expect(findDemoInbox([demo])).toMatchObject({ ...found, isBroken: false });
  expect(findDemoInbox([{ ...demo, endpoint_url: found.brokenUrl }])).toMatchObject({
    ...found,
    isBroken: true,
  });
});

it.each([
  { endpoint_url: 'https://partner.example/webhooks' },
  { endpoint_url: 'http://127.0.0.1.partner.example:80/webhooks' },
  { endpoint_url: 'http://127.0.0.1:8706/webhooks/other' },
  { events: ['*'] },
  { events: ['demo.*', 'order.paid'] },
  { is_active: false },
])('takes nothing else for it: %j', (other) => {
  expect(findDemoInbox([{ ...demo, ...other }])).toBeNull();
});
