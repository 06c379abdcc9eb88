import { describe, expect, it } from 'vitest';
import { deriveEventId, deriveRunId, runId } from '../ids/ids.ts';
import { DecodeError } from '../wire/wire.ts';
import { appGroup, appTopics } from './app-topics.ts';
import { decodeRun, encodeRun, isNewerRun, type RunRecorded } from './run.ts';
import { decodeRunCommand, encodeRunCommand, type RunCommand } from './run-command.ts';
import {
  decodeRunLogEntry,
  type EpochSettled,
  type EpochStarted,
  encodeEpoch,
  encodeRunState,
  runLogKey,
} from './run-log.ts';

const eventId = deriveEventId({ workspaceId: 'ws_demo', source: '/orders', callerId: 'order-1' });
const id = deriveRunId({ app: 'shop', handler: 'order.paid', eventId });

// Records of version 0.1: what is in the log stays readable.
const stored =
  '{"type":"RunRecorded.v1","runId":"run_0123456789abcdef0123456789abcdef","app":"shop","handler":"order.paid","epoch":3,"sequence":4,"status":"waiting","event":{"id":"evt_0123456789abcdef0123456789abcdef","type":"order.paid","workspaceId":"ws_demo","consumerId":null,"source":"/orders","time":"2026-11-30T12:00:00Z","acceptedAtMs":1,"orderingKey":"order-1","traceparent":null,"partition":7,"offset":"42"},"startedAtMs":1,"recordedAtMs":5,"endedAtMs":null,"waitingUntilMs":30005,"retries":0,"steps":[{"name":"mark-paid","kind":"step","status":"succeeded","attemptCount":1,"attempts":[{"attempt":1,"startedAtMs":1,"durationMs":2,"outcome":"succeeded","error":null}],"retryAtMs":null,"generation":0,"succeededAt":2,"result":{"paid":true}},{"name":"make-invoice","kind":"step","status":"waiting","attemptCount":1,"attempts":[{"attempt":1,"startedAtMs":3,"durationMs":2,"outcome":"timed-out","error":"no answer within 2 ms"}],"retryAtMs":30005,"generation":0,"succeededAt":null,"result":null}],"failure":null,"cancelled":null}';
const run = JSON.parse(stored) as RunRecorded;

describe('a run', () => {
  it('is read as it was written, without the data of its event', () => {
    const record = encodeRun(run);
    expect(record).toEqual({ key: run.runId, headers: { 'tidings-run': stored }, value: Buffer.alloc(0) });
    expect(decodeRun(record)).toEqual(run);
  });

  it('has the same id at each repeat of its event, and another in each handler and application', () => {
    expect(deriveRunId({ app: 'shop', handler: 'order.paid', eventId })).toBe(id);
    expect(id).toMatch(/^run_[0-9a-f]{32}$/);
    const others = [
      deriveRunId({ app: 'shop', handler: 'order.created', eventId }),
      deriveRunId({ app: 'billing', handler: 'order.paid', eventId }),
    ];
    expect(new Set([id, ...others]).size).toBe(3);
  });

  it('is refused with an unknown field, and without its header', () => {
    const odd = { ...run, mood: 'good' } as RunRecorded;
    expect(() => decodeRun(encodeRun(odd))).toThrow('not a valid RunRecorded.v1: the message must NOT have');
    expect(() => decodeRun({ key: null, headers: {}, value: null })).toThrow(DecodeError);
  });

  it('is refused with a time that no date has', () => {
    const late = { ...run, waitingUntilMs: 1e303 };
    expect(() => decodeRun(encodeRun(late))).toThrow('/waitingUntilMs must be <= 8640000000000000');
  });

  it('is newer by its epoch first, then by its sequence', () => {
    expect(isNewerRun({ epoch: 2, sequence: 1 }, { epoch: 1, sequence: 9 })).toBe(true);
    expect(isNewerRun({ epoch: 2, sequence: 2 }, { epoch: 2, sequence: 1 })).toBe(true);
    expect(isNewerRun({ epoch: 2, sequence: 1 }, { epoch: 2, sequence: 1 })).toBe(false);
    expect(isNewerRun({ epoch: 1, sequence: 9 }, { epoch: 2, sequence: 1 })).toBe(false);
  });
});

describe('a run log', () => {
  it('keeps the state with the data of the event, byte for byte, under a key of its epoch', () => {
    const data = Buffer.from('{"id": 12345678901234567890}');
    const record = encodeRunState(run, data);
    expect(record.key).toBe(`${run.runId}/3`);
    expect(record.key).not.toBe(runLogKey({ ...run, epoch: 4 }));
    expect(decodeRunLogEntry(record)).toEqual({ run, data });
  });

  it('keeps the markers of epochs, none of which replaces another', () => {
    const started: EpochStarted = {
      type: 'EpochStarted.v1',
      epoch: 3,
      owner: 'a',
      fromOffset: '17',
      atMs: 1,
    };
    const settled: EpochSettled = { type: 'EpochSettled.v1', epoch: 3 };
    const markers = [started, { ...started, owner: 'b' }, { ...started, epoch: 4 }, settled];
    for (const marker of markers) expect(decodeRunLogEntry(encodeEpoch(marker))).toEqual(marker);
    expect(new Set(markers.map((marker) => encodeEpoch(marker).key)).size).toBe(4);
  });
});

describe('a command for a run', () => {
  const commands: readonly RunCommand[] = [
    { type: 'RunRetryRequested.v1', runId: run.runId, sequence: 4, by: 'key_1', atMs: 6 },
    { type: 'RunCancelRequested.v1', runId: run.runId, by: 'key_1', reason: null, atMs: 6 },
  ];

  it('is read as it was written', () => {
    for (const command of commands) {
      const record = encodeRunCommand(command);
      expect(record.key).toBe(run.runId);
      expect(decodeRunCommand(record)).toEqual(command);
    }
  });

  it('is refused with the id of anything else', () => {
    const wrong = { ...commands[1], runId: runId('dlv_1') } as RunCommand;
    expect(() => decodeRunCommand(encodeRunCommand(wrong))).toThrow(DecodeError);
  });
});

describe('a worker application', () => {
  it('has topics and a group of its own, with as many partitions as the events', () => {
    const { runLog, commands } = appTopics('shop', 24);
    expect([runLog.name, runLog.partitions]).toEqual(['tidings.chains.shop', 24]);
    expect([commands.name, commands.partitions]).toEqual(['tidings.chains.shop.commands', 24]);
    expect(appTopics('shop').runLog.partitions).toBe(12);
    expect(appGroup('shop')).toBe('tidings-chains-shop');
  });
});
