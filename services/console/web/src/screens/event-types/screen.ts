import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { eventTypeFilters, schemaFilters } from './event-type-filters.ts';

/** The catalogue of event types: operators keep it, partners read what they can subscribe to. */
export const screen = defineScreen({
  entries: ['operator', 'portal'],
  scope: 'subscriptions:read',
  nav: { label: catalogue({ en: 'Event types' }), group: 'registry', order: 20 },
  pages: [
    { path: '/event-types', filters: eventTypeFilters, load: () => import('./event-type-list.tsx') },
    { path: '/event-types/$name', filters: schemaFilters, load: () => import('./event-type-detail.tsx') },
    // No event type has a dash in its name, and none is called import.
    { path: '/event-types/new-type', load: () => import('./edit/new-event-type.tsx') },
    { path: '/event-types/import', load: () => import('./import-event-types.tsx') },
    { path: '/event-types/$name/edit', load: () => import('./edit/edit-event-type.tsx') },
    { path: '/event-types/$name/new-schema', load: () => import('./edit/add-schema.tsx') },
  ],
});
