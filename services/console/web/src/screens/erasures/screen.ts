import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { erasureFilters } from './erasure-filters.ts';

/** Erasure: removes the data of an event or of a consumer for good. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'admin',
  nav: { label: catalogue({ en: 'Erasure' }), group: 'operation', order: 40 },
  pages: [{ path: '/erasures', filters: erasureFilters, load: () => import('./erasure-page.tsx') }],
});
