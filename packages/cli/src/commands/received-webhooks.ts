import { setTimeout as wait } from 'node:timers/promises';
import { callApi } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import {
  type CommandSpec,
  countOf,
  fieldsOf,
  type Given,
  inPath,
  pageOptions,
  pageQuery,
} from '../command.ts';
import { timeOptions, timesOf } from '../input/time-options.ts';
import { inWords } from '../output/show.ts';

const id = [{ name: 'id', description: 'id of the source, src_…' }] as const;
const one = 'src_0199f8a27b3c7d2e8f4a5b6c7d8e9f00';
const pathOf = (given: Given): string => `/v1/webhooks/sources/${inPath(given, 'id')}/received`;

const filterOptions = [
  { flags: '--outcome <outcome>', description: 'only accepted, repeated, checked or refused' },
  { flags: '--reason <reason>', description: 'only refused for this reason, such as no-matching-signature' },
  { flags: '--type <type>', description: 'only with this event type' },
] as const;
const filtersOf = (given: Given) => fieldsOf(given, { outcome: 'outcome', reason: 'reason', type: 'type' });

/** tidings sources received, tidings sources tail */
export const receivedCommands: readonly CommandSpec[] = [
  {
    name: 'sources received',
    description:
      'list what a source received, newest first: accepted with their events, refused with the reason',
    args: id,
    options: [
      ...filterOptions,
      { flags: '--event <id>', description: 'only the webhook of this event, evt_…, and its repeats' },
      ...timeOptions,
      ...pageOptions,
    ],
    examples: [`sources received ${one} --outcome refused`, `sources received ${one} --since 2h --json`],
    view: {
      columns: [
        ['AT', 'received_at'],
        ['OUTCOME', (item) => outcomeOf(item as Received)],
        ['REASON', 'reason'],
        ['COUNT', 'count'],
        ['BYTES', 'size_bytes'],
        ['TYPE', 'type'],
        ['THEIR ID', 'provider_id'],
        ['EVENT', (item) => (item as Received).event_ids?.[0]],
        ['DELIVERED', (item) => deliveredOf(item as Received)],
      ],
    },
    request: (given) => ({
      method: 'GET',
      path: pathOf(given),
      query: {
        ...filtersOf(given),
        ...fieldsOf(given, { event_id: 'event' }),
        ...timesOf(given, ['received_after', 'received_before']),
        ...pageQuery(given),
      },
    }),
  },
  {
    name: 'sources tail',
    description: 'print what a source receives, some two seconds later, until it is interrupted',
    args: id,
    options: [...filterOptions, { flags: '--count <n>', description: 'end after so many entries' }],
    examples: [`sources tail ${one} --count 1`, `sources tail ${one} --outcome refused --json --count 1`],
    view: 'none',
    run: tail,
  },
];

type Received = Readonly<{
  id: string;
  received_at: string;
  outcome: string;
  spooled?: boolean;
  event_ids?: readonly string[];
  deliveries?: Readonly<{ total: number; delivered: number }> | null;
}>;
type Page = Readonly<{ data: readonly Received[]; next_cursor: string | null }>;

/** Of a webhook that waited on the disk of ingress, that too: it is listed later than it came. */
const outcomeOf = ({ outcome, spooled }: Received): string =>
  spooled === true ? `${outcome} (spooled)` : outcome;

const deliveredOf = ({ deliveries }: Received): string | null =>
  deliveries == null ? null : `${deliveries.delivered}/${deliveries.total}`;

const pauseMs = 2_000;
// Entries are written once a second, and a sum has the time of its first refusal.
const overlapMs = 10_000;

async function tail(given: Given, target: Target): Promise<void> {
  const count = countOf(given, 'count') ?? Infinity;
  let newestMs = Date.now();
  let shown = 0;
  let seen = new Set<string>();
  for (;;) {
    const fresh = await since(given, target, newestMs - overlapMs);
    const unseen = fresh.filter(({ id: entry }) => !seen.has(entry));
    for (const entry of unseen) {
      given.print(given.options['json'] === true ? JSON.stringify(entry) : lineOf(entry));
      shown += 1;
      if (shown >= count) return;
    }
    seen = new Set(fresh.map(({ id: entry }) => entry));
    newestMs = Math.max(newestMs, ...fresh.map(({ received_at: at }) => Date.parse(at)));
    await wait(pauseMs);
  }
}

/** Returns what was received after a time, oldest first. */
async function since(given: Given, target: Target, afterMs: number): Promise<readonly Received[]> {
  const found: Received[] = [];
  const received_after = new Date(afterMs).toISOString();
  for (let cursor: string | null = null; ; ) {
    const query = { ...filtersOf(given), received_after, limit: '100', cursor: cursor ?? undefined };
    const page = (await callApi(target, { method: 'GET', path: pathOf(given), query })) as Page;
    found.push(...page.data);
    if (page.next_cursor === null) return found.toReversed();
    cursor = page.next_cursor;
  }
}

function lineOf(entry: Received): string {
  const of = (name: string): string => inWords(Reflect.get(entry, name));
  const about = [of('received_at').slice(11, 23), outcomeOf(entry).padEnd(8)];
  const rest = [of('reason'), of('type'), of('provider_id'), inWords(entry.event_ids?.[0])];
  const times = of('count') === '1' ? [] : [`${of('count')} times`];
  return [...about, ...[...rest, ...times].filter((text) => text !== '-')].join('  ');
}
