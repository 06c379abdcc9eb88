import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { undeliveredFilters } from './undelivered-filters.ts';

/** Undelivered: everything that has not arrived, by subscription, with the reason in words. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'deliveries:read',
  nav: { label: catalogue({ en: 'Undelivered' }), group: 'traffic', order: 30 },
  pages: [
    { path: '/undelivered', filters: undeliveredFilters, load: () => import('./undelivered-page.tsx') },
  ],
});
