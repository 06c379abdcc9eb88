import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { deliveryFilters } from './delivery-filters.ts';

/** Deliveries: one event for one subscription, with every attempt. */
export const screen = defineScreen({
  entries: ['operator', 'portal'],
  scope: 'deliveries:read',
  nav: { label: catalogue({ en: 'Deliveries' }), group: 'traffic', order: 20 },
  pages: [
    { path: '/deliveries', filters: deliveryFilters, load: () => import('./delivery-list.tsx') },
    { path: '/deliveries/$id', load: () => import('./delivery-detail.tsx') },
  ],
});
