import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { deadLetterFilters } from './dead-letter-filters.ts';

/** Dead letters: what ended undelivered, to be sent again or given up. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'deliveries:read',
  nav: { label: catalogue({ en: 'Dead letters' }), group: 'traffic', order: 40 },
  pages: [
    { path: '/dead-letters', filters: deadLetterFilters, load: () => import('./dead-letter-list.tsx') },
    { path: '/dead-letters/$id', load: () => import('./dead-letter-detail.tsx') },
  ],
});
