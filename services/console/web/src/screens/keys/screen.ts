import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { keyFilters, newKeyFilters, ofWorkspace } from './key-filters.ts';

/** API keys: who may do what. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'admin',
  nav: { label: catalogue({ en: 'API keys' }), group: 'settings', order: 10 },
  pages: [
    { path: '/keys', filters: keyFilters, load: () => import('./key-list.tsx') },
    { path: '/keys/new', filters: newKeyFilters, load: () => import('./new-key.tsx') },
    { path: '/keys/$id', filters: ofWorkspace, load: () => import('./key-detail.tsx') },
  ],
});
