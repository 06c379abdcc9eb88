import { texts } from './texts.ts';

const inWords = (name: string): string => name.replaceAll(/[-_]/g, ' ');

/** Returns what a change was in words: "Subscription secret rotated". */
export function changeWords({ kind, operation }: Readonly<{ kind: string; operation: string }>): string {
  return `${texts.kinds[kind] ?? inWords(kind)} ${texts.operations[operation] ?? inWords(operation)}`;
}

type Named = Readonly<{ kind: string; entity_id: string }>;

/** Returns the name of an object. The id of a consumer or event type has its workspace in front, which goes without saying. */
export const objectName = ({ kind, entity_id: id }: Named): string =>
  kind === 'consumer' || kind === 'event_type' ? id.slice(id.indexOf('/') + 1) : id;

const pages: Readonly<Record<string, string>> = {
  subscription: '/subscriptions',
  event_type: '/event-types',
  consumer: '/consumers',
  source: '/sources',
  'api-key': '/keys',
  workspace: '/workspaces',
};

/** Returns the address of the page of an object, or null if it has none. */
export function objectPath(entry: Named): string | null {
  const page = pages[entry.kind];
  return page === undefined ? null : `${page}/${encodeURIComponent(objectName(entry))}`;
}
