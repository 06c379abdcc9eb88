import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { eventFilters } from './event-filters.ts';

/** Events: what was published, and where each went. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'deliveries:read',
  nav: { label: catalogue({ en: 'Events' }), group: 'traffic', order: 10 },
  pages: [
    { path: '/events', filters: eventFilters, load: () => import('./event-list.tsx') },
    { path: '/events/$id', load: () => import('./event-detail.tsx') },
  ],
});
