import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { consumerFilters } from './consumer-filters.ts';

/** Consumers: the partners of the workspace. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'subscriptions:read',
  nav: { label: catalogue({ en: 'Consumers' }), group: 'registry', order: 30 },
  pages: [
    { path: '/consumers', filters: consumerFilters, load: () => import('./consumer-list.tsx') },
    { path: '/consumers/new', load: () => import('./new-consumer.tsx') },
    { path: '/consumers/$id', load: () => import('./consumer-detail.tsx') },
    { path: '/consumers/$id/edit', load: () => import('./edit-consumer.tsx') },
  ],
});
