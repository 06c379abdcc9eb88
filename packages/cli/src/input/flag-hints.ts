/** Options of similar tools, and their equivalents here. */
const meanings: Readonly<Record<string, string>> = {
  '--event-types': '--event, once for each',
  '--event-type': '--event or --type',
  '--events': '--event, once for each',
  '--enabled-events': '--event, once for each',
  '--filter-types': '--event, once for each',
  '--channels': '--filter',
  '--filters': '--filter',
  '--endpoint-url': '--endpoint',
  '--payload': '--data',
  '--body': '--data',
  '--headers': '--header, once for each',
  '--api-key': 'TIDINGS_API_KEY, which other users of the machine cannot read',
  '--token': 'TIDINGS_API_KEY, which other users of the machine cannot read',
  '--api-url': '--url',
  '--base-url': '--url',
  '--server-url': '--url',
  '--output': '--json',
  '--allow-http': 'tidings workspaces update ID --allow-http: it is a setting of the workspace',
};

/** Returns a line with the probable meaning of an unknown option; null if other tools do not have it either. */
export function flagHint(message: string): string | null {
  const flag = /unknown option '(--[a-z-]+)/.exec(message)?.[1] ?? '';
  return Object.hasOwn(meanings, flag) ? `Did you mean ${meanings[flag]}?` : null;
}
