import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { newFilters, subscriptionFilters } from './subscription-filters.ts';

/** Subscriptions of all consumers; in the portal, the endpoints of one. */
export const screen = defineScreen({
  entries: ['operator', 'portal'],
  scope: 'subscriptions:read',
  nav: {
    label: catalogue({ en: { operator: 'Subscriptions', portal: 'Endpoints' } }),
    group: 'registry',
    order: 10,
  },
  pages: [
    { path: '/subscriptions', filters: subscriptionFilters, load: () => import('./subscription-list.tsx') },
    { path: '/subscriptions/new', filters: newFilters, load: () => import('./create-subscription.tsx') },
    { path: '/subscriptions/$id', load: () => import('./detail/subscription-detail.tsx') },
    { path: '/subscriptions/$id/edit', load: () => import('./edit-subscription.tsx') },
  ],
});
