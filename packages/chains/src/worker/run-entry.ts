import { decodeRun, type RunRecorded, type RunStatus } from '@tidings/contracts';
import { hasRunEnded } from '../domain/decide.ts';
import type { RunSummary } from '../log/restore-run-log.ts';
import { type PackedText, type TextPacker, unpack } from './packed-text.ts';

/**
 * A run in memory. While it waits it is a packed text and a few numbers; its state is parsed while it is carried out. Two states
 * are kept apart: the acknowledged one decides what is attempted, the newest one has the facts that are being written.
 */
export class RunEntry {
  readonly runId: string;
  readonly handler: string;
  readonly orderingKey: string | null;
  /** Offset of its event. */
  readonly offset: number;
  /** Epoch in which its record was written last. */
  epoch: number;
  status: RunStatus;
  /** Time at which the owner looks at it again; null if there is none. */
  dueMs: number | null = null;
  /** True while it waits for its handler. */
  isQueued = false;
  /** Time before which nothing happens; null unless it is `waiting`. */
  waitingUntilMs: number | null;
  /** Time at which it ended; null before. */
  endedAtMs: number | null;
  /** Monotonic time since which the code lacks what it needs; null if it does not. */
  unknownSinceMs: number | null = null;
  /** True if `tidings.runs` may lack its state. */
  isFactUncertain = false;
  /** Monotonic time since which it could continue. */
  readySinceMs = 0;
  /** Resolves when its first state is acknowledged; undefined from then on. */
  starting: Promise<void> | undefined;
  #data: string;
  #text: string;
  /** In place of data and text while it waits. */
  #packed: PackedText | undefined;
  #inFlight: Map<string, AbortController> | undefined;
  #acknowledged: RunRecorded | undefined;
  #newest: RunRecorded | undefined;

  constructor(summary: RunSummary, { text, data }: Readonly<{ text: string; data: string }>) {
    this.runId = summary.runId;
    this.handler = summary.handler;
    this.orderingKey = summary.orderingKey;
    this.offset = summary.offset;
    this.epoch = summary.epoch;
    this.status = summary.status;
    this.waitingUntilMs = summary.waitingUntilMs;
    this.endedAtMs = summary.endedAtMs;
    this.#data = data;
    this.#text = text;
  }

  /** Data of its event: JSON, as it was received. */
  get data(): string {
    this.#unpack();
    return this.#data;
  }

  get hasEnded(): boolean {
    return hasRunEnded(this);
  }

  /** True if the newest state, acknowledged or not, is an end. */
  get isEnding(): boolean {
    return this.#newest === undefined ? this.hasEnded : hasRunEnded(this.#newest);
  }

  /** The acknowledged state. */
  get run(): RunRecorded {
    this.#unpack();
    this.#acknowledged ??= decodeRun({ key: null, headers: { 'tidings-run': this.#text }, value: null });
    return this.#acknowledged;
  }

  /** The state with every fact that is known. */
  get newest(): RunRecorded {
    return this.#newest ?? this.run;
  }

  /** Takes a state that is about to be written. */
  writes(run: RunRecorded): void {
    this.#newest = run;
  }

  /** Takes a state that is acknowledged. */
  acknowledge(run: RunRecorded, text: string): void {
    this.#unpack();
    this.#acknowledged = run;
    this.#text = text;
    if (this.#newest?.sequence === run.sequence) this.#newest = undefined;
    this.status = run.status;
    this.epoch = run.epoch;
    this.waitingUntilMs = run.waitingUntilMs;
    this.endedAtMs = run.endedAtMs;
  }

  /** Attempts under way and facts not yet acknowledged, by step. A waiting run has no map. */
  get inFlight(): Map<string, AbortController> {
    this.#inFlight ??= new Map();
    return this.#inFlight;
  }

  /** True if no attempt is under way and no fact is being written. */
  get isIdle(): boolean {
    return (this.#inFlight?.size ?? 0) === 0 && this.#newest === undefined;
  }

  /** Aborts the attempts under way. */
  abort(reason: Error): void {
    for (const controller of this.#inFlight?.values() ?? []) controller.abort(reason);
  }

  /** Frees the parsed state. It is parsed again when it is needed. */
  park(): void {
    if (this.#newest === undefined) this.#acknowledged = undefined;
    if (this.#inFlight?.size === 0) this.#inFlight = undefined;
  }

  /** Frees the parsed state, and packs its text: it is not needed soon. */
  pack(packer: TextPacker): void {
    this.park();
    if (this.#acknowledged !== undefined || this.#packed !== undefined || this.#text === '') return;
    // JSON of a state has no line feed in it.
    this.#packed = packer.pack(this.handler, `${this.#text}\n${this.#data}`);
    if (this.#packed === undefined) return;
    this.#text = '';
    this.#data = '';
  }

  #unpack(): void {
    if (this.#packed === undefined) return;
    const both = unpack(this.#packed);
    const end = both.indexOf('\n');
    this.#text = both.slice(0, end);
    this.#data = both.slice(end + 1);
    this.#packed = undefined;
  }

  /** Frees everything but what recognises a repeat. */
  forgetState(): void {
    this.#acknowledged = undefined;
    this.#newest = undefined;
    this.#inFlight = undefined;
    this.#packed = undefined;
    this.#text = '';
    this.#data = '';
  }

  /** True if the state is still in memory. */
  get hasState(): boolean {
    return this.#packed !== undefined || this.#text !== '';
  }
}
