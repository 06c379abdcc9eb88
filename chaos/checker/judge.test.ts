import { describe, expect, it } from 'vitest';
import { parseRecord } from '../history/read-history.ts';
import type { HistoryRecord, RequestRecord } from '../history/record.ts';
import { isKept, judge, verdictText } from './judge.ts';
import { exchange, keptHistory, sign } from './kept-history.ts';

type Change = (records: readonly HistoryRecord[]) => readonly HistoryRecord[];

const violated = (records: readonly HistoryRecord[]): string[] =>
  judge(records).flatMap(({ id, violations }) => (violations.length > 0 ? [id] : []));

const isRequestOf =
  (number: number) =>
  (record: HistoryRecord): record is RequestRecord =>
    record.kind === 'request' && record.webhookId.startsWith(`dlv_${number}_`);

const withoutExchange =
  (number: number): Change =>
  (records) =>
    records.filter(
      (record) =>
        !isRequestOf(number)(record) && !(record.kind === 'attempt' && record.event === `evt_${number}`),
    );

const acceptedBySource =
  (number: number): Change =>
  (records) =>
    records.map((record) =>
      record.kind === 'accepted' && record.number === number ? { ...record, eventId: null } : record,
    );

const changeRequest =
  (number: number, change: (request: RequestRecord) => Partial<RequestRecord>): Change =>
  (records) =>
    records.map((record) => {
      if (!isRequestOf(number)(record)) return record;
      const changed = { ...record, ...change(record) };
      return 'signature' in change(record) ? changed : { ...changed, signature: sign(changed) };
    });

const kill: HistoryRecord = {
  ...({
    kind: 'fault',
    fault: 'kill',
    target: 'delivery',
    at: 4_400,
    until: 4_400,
    canRepeat: true,
    stepMs: 0,
  } as const),
};

// One violation of each rule, and the rules that see it.
const planted: Readonly<Record<string, Readonly<{ change: Change; seen: readonly string[] }>>> = {
  'an accepted event never arrives': { change: withoutExchange(3), seen: ['C1'] },
  'a webhook that a source has accepted never arrives': {
    change: (records) => withoutExchange(3)(acceptedBySource(3)(records)),
    seen: ['C1'],
  },
  'a webhook of a provider becomes a second event': {
    change: (records) => {
      const other = exchange(3, 'sub_a', { at: 4_600, event: 'evt_other' });
      return [...acceptedBySource(3)(records), ...other];
    },
    seen: ['C2'],
  },
  'a webhook that a provider sends again is delivered again': {
    change: (records) => [
      ...acceptedBySource(3)(records),
      { kind: 'repeat', number: 3, at: 8_000 },
      // Three faults may repeat more than that.
      ...[kill, kill, kill],
      ...exchange(3, 'sub_a', { at: 8_100 }),
    ],
    seen: ['C14'],
  },
  'an event arrives that nobody published': {
    change: (records) => [...records, ...exchange(77, 'sub_a', { at: 8_000 })],
    seen: ['C2'],
  },
  'a delivery arrives under a second webhook-id': {
    change: (records) => {
      const [request, attempt] = exchange(3, 'sub_a', { at: 4_600, status: 500 });
      const renamed = { ...request, webhookId: 'dlv_other' };
      return [...records, { ...renamed, signature: sign(renamed) }, { ...attempt, delivery: 'dlv_other' }];
    },
    seen: ['C3'],
  },
  'the data has other bytes': {
    change: changeRequest(3, ({ body }) => ({ body: body.replace('"text": ', '"text":') })),
    seen: ['C4'],
  },
  'a signature is wrong': { change: changeRequest(3, () => ({ signature: 'v1,AAAA' })), seen: ['C5'] },
  'a secret is used long after it has expired': {
    change: (records) =>
      records.map((record) =>
        record.kind === 'secret' && record.subscription === 'sub_ordered'
          ? { ...record, until: -60_000 }
          : record,
      ),
    seen: ['C5'],
  },
  'a later event of a key comes first': {
    change: (records) => [...withoutExchange(5)(records), ...exchange(5, 'sub_ordered', { at: 4_900 })],
    seen: ['C6'],
  },
  'a disabled subscription receives': {
    change: (records) => [...withoutExchange(6)(records), ...exchange(6, 'sub_ended', { at: 20_000 })],
    seen: ['C7'],
  },
  'an event of another consumer arrives': {
    change: (records) => {
      const [request, attempt] = exchange(4, 'sub_a', { at: 6_500 });
      return [...records, request, attempt];
    },
    seen: ['C8'],
  },
  'an attempt was recorded that no endpoint has seen': {
    change: (records) => [...records, exchange(3, 'sub_a', { at: 7_000, status: 500 })[1]],
    seen: ['C9'],
  },
  'requests without an attempt, and no kill': {
    change: (records) => [...records, exchange(3, 'sub_a', { at: 4_600, status: 500 })[0]],
    seen: ['C9'],
  },
  'an attempt begins before its time': {
    change: (records) =>
      records.map((record) =>
        record.kind === 'attempt' && record.nextAt !== null ? { ...record, nextAt: 3_300 } : record,
      ),
    seen: ['C10'],
  },
  'an attempt sets the next one before its schedule does': {
    change: (records) =>
      records.map((record) =>
        record.kind === 'attempt' && record.nextAt !== null ? { ...record, nextAt: 1_900 } : record,
      ),
    seen: ['C10'],
  },
  'Retry-After is not kept': {
    change: changeRequest(1, ({ retryAfterSeconds }) =>
      retryAfterSeconds === null ? {} : { retryAfterSeconds: 4 },
    ),
    seen: ['C11'],
  },
  'a dead letter without its body': {
    change: (records) =>
      records.map((record) => (record.kind === 'dead-letter' ? { ...record, hasBody: false } : record)),
    seen: ['C13'],
  },
  'a redriven dead letter that was not delivered': {
    change: (records) =>
      records.filter((record) => !('at' in record && (record.at ?? 0) > 9_400) || record.kind === 'manual'),
    seen: ['C13'],
  },
  'a delivery is delivered twice, and no kill': {
    change: (records) => [...records, ...exchange(3, 'sub_a', { at: 4_600 })],
    seen: ['C14'],
  },
};

describe('the checker', () => {
  it('accepts a run that keeps every rule, and sees something for each', () => {
    const verdicts = judge(keptHistory());
    expect(verdictText(verdicts)).not.toContain('VIOLATION');
    expect(verdicts.filter(({ checked }) => checked === 0)).toEqual([]);
    expect(isKept(verdicts)).toBe(true);
  });

  it.each(Object.entries(planted))('sees that %s', (_, { change, seen }) => {
    expect(violated(change([...keptHistory()]))).toEqual(seen);
  });

  it('sees that more requests are open than max_in_flight allows', () => {
    const open = [4, 5].map((number) => exchange(number, 'sub_ordered', { at: 5_300, status: 500 }));
    const third = exchange(4, 'sub_ordered', { at: 5_301, status: 500 });
    const more = [...open, third].flat();
    expect(violated([...keptHistory(), ...more])).toContain('C12');
    // While a partition changes its owner, both may use the limit.
    expect(violated([...keptHistory(), { ...kill, at: 5_200, until: 5_200 }, ...more])).not.toContain('C12');
  });

  it('sees that more requests arrive than the rate limit allows', () => {
    const more = Array.from({ length: 20 }, (_, index) =>
      exchange(3, 'sub_a', { at: 5_000 + index * 10, status: 500 }),
    ).flat();
    expect(violated([...keptHistory(), ...more])).toEqual(['C12']);
  });

  it('allows what a kill explains: a repeat, and a request that nobody recorded', () => {
    const repeat = exchange(3, 'sub_a', { at: 4_600 })[0];
    expect(violated([...keptHistory(), repeat])).toEqual(['C9', 'C14']);
    expect(violated([...keptHistory(), kill, repeat])).toEqual([]);
  });

  it('allows the earlier time of a copy that a kill left, and nothing before that', () => {
    const unrecorded = exchange(1, 'sub_a', { at: 600, status: 500 })[0];
    const killed = { ...kill, at: 650, until: 650 };
    const secondAt = (at: number) => [
      ...withoutExchange(1)([...keptHistory()]),
      ...exchange(1, 'sub_a', { at: 1_000, status: 429, retryAfter: 2, nextAt: 3_100 }),
      ...exchange(1, 'sub_a', { at, attempt: 2 }),
    ];
    // The schedule waits for a second after the request that the killed process did not record.
    expect(violated([...secondAt(1_610), unrecorded, killed])).toEqual([]);
    expect(violated([...secondAt(1_500), unrecorded, killed])).toEqual(['C10', 'C11']);
    expect(violated([...secondAt(1_610), killed])).toEqual(['C10', 'C11']);
    const cutOff = { ...killed, fault: 'partition', target: 'endpoints', at: 600, until: 700 };
    expect(violated([...secondAt(1_610), unrecorded, cutOff])).toEqual(['C10', 'C11']);
    expect(violated([...secondAt(1_610), killed, cutOff])).toEqual([]);
  });

  it('accepts a webhook that a provider sends again, and a copy of its second attempt', () => {
    const repeat: HistoryRecord = { kind: 'repeat', number: 3, at: 8_000 };
    const records = [...acceptedBySource(3)(keptHistory()), repeat, kill];
    expect(violated(records)).toEqual([]);
    expect(violated([...records, ...exchange(3, 'sub_a', { at: 8_100, attempt: 2 })])).toEqual([]);
  });

  it('counts the Retry-After of each chain for itself', () => {
    const replay: HistoryRecord = { kind: 'manual', action: 'replay', at: 900, subscription: 'sub_a' };
    const replayed = exchange(1, 'sub_a', { at: 1_500, chain: 7 });
    expect(violated([...keptHistory(), replay, ...replayed])).toEqual([]);
  });

  it('allows what a step of a clock explains, and no more', () => {
    const step: HistoryRecord = { ...kill, fault: 'clock-step', canRepeat: false, stepMs: 1_000 };
    const early = (nextAt: number) =>
      keptHistory().map((record) =>
        record.kind === 'attempt' && record.nextAt !== null ? { ...record, nextAt } : record,
      );
    expect(violated([...early(4_000), step])).toEqual([]);
    expect(violated([...early(5_000), step])).toEqual(['C10']);
  });

  it('does not accept a run in which a rule had nothing to check', () => {
    const records = keptHistory().filter(({ kind }) => kind !== 'dead-letter' && kind !== 'switch');
    const verdicts = judge(records);
    expect(verdicts.filter(({ checked }) => checked === 0).map(({ id }) => id)).toEqual(['C7', 'C13']);
    expect(isKept(verdicts)).toBe(false);
  });
});

describe('a history file', () => {
  it('has no line of an unknown kind, with an unknown field, or without a field', () => {
    const known = { kind: 'accepted', number: 1, at: 2, eventId: 'evt_1' };
    expect(parseRecord(JSON.stringify(known), 1)).toEqual(known);
    expect(() => parseRecord('{"kind":"other"}', 3)).toThrow('line 3: kind must be one of run, subscription');
    expect(() => parseRecord(JSON.stringify({ ...known, extra: 1 }), 4)).toThrow('line 4 (accepted)');
    expect(() => parseRecord('{"kind":"accepted","number":1,"at":2}', 5)).toThrow(
      "required property 'eventId'",
    );
  });
});
