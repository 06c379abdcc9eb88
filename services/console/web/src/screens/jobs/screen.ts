import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { jobFilters } from './job-filters.ts';

/** Jobs: long work with its progress, which can be paused, resumed and cancelled. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'deliveries:read',
  nav: { label: catalogue({ en: 'Jobs' }), group: 'operation', order: 10 },
  pages: [
    { path: '/jobs', filters: jobFilters, load: () => import('./job-list.tsx') },
    { path: '/jobs/$id', load: () => import('./job-detail.tsx') },
  ],
});
