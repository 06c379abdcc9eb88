import { type Clock, systemClock } from './clock.ts';

/** States of a part: `starting → up ⇄ down`, `up → stalled` when progress is overdue, back with the next progress. */
export type PartState = 'starting' | 'up' | 'stalled' | 'down';

/** Figures about a part, such as how far it is behind. */
export type PartDetail = Readonly<Record<string, number>>;

/** One part in a report; `reason` is set if it is not up, `detail` if the part describes itself. */
export type PartReport = Readonly<{
  name: string;
  state: PartState;
  reason?: string;
  detail?: PartDetail;
}>;

/** Health of a service. `ready`: it accepts work. `live`: a restart of its process would not help. */
export type HealthReport = Readonly<{ ready: boolean; live: boolean; parts: readonly PartReport[] }>;

/** Reporting functions of a part. */
export type HealthPart = Readonly<{
  /** Reports that it works. Counts as progress. */
  up: () => void;
  /** Reports that it does not work; `reason` is shown to operators. */
  down: (reason: string) => void;
  /** Reports one completed step of its work (an empty fetch counts). Cheap enough for every step. */
  progress: () => void;
  /** Adds figures to the report, read at each report. They do not change the state. */
  describe: (detail: () => PartDetail) => void;
  /** Removes the part from the report. */
  remove: () => void;
}>;

/**
 * Maximum time that a part may be up without progress: after `maxSilenceMs` it is stalled (not ready), after
 * `deadAfterMs` the process is no longer live, so that its supervisor restarts it. Default: no limit, for parts that
 * only wait.
 */
export type HealthBounds = Readonly<{ maxSilenceMs?: number; deadAfterMs?: number }>;

type Part = {
  state: Exclude<PartState, 'stalled'>;
  reason: string | undefined;
  lastProgressMs: number;
  detail: (() => PartDetail) | undefined;
  readonly bounds: HealthBounds;
};

/**
 * Liveness of a process: it is live if every service in it is, because a restart restarts all of them.
 */
export class Liveness {
  readonly #checks: (() => boolean)[] = [];

  /** Adds a check of one service. */
  add(check: () => boolean): void {
    this.#checks.push(check);
  }

  isLive(): boolean {
    return this.#checks.every((check) => check());
  }
}

/**
 * Reports the health of a service: its workers are alive AND have made progress recently. A failed worker makes the
 * service unready; the process keeps running to report it.
 */
export class Health {
  readonly #parts = new Map<string, Part>();
  readonly #clock: Clock;
  readonly #liveness: Liveness;
  #drainReason: string | undefined;

  /** `liveness`: that of the process, if it runs more than this service. */
  constructor(clock: Clock = systemClock, liveness: Liveness = new Liveness()) {
    this.#clock = clock;
    this.#liveness = liveness;
    liveness.add(() => !this.#isUnresponsive());
  }

  /** Registers a part, `starting` until its first report. A second part of the same name replaces the first. */
  register(name: string, bounds: HealthBounds = {}): HealthPart {
    const part: Part = {
      state: 'starting',
      reason: undefined,
      lastProgressMs: this.#clock.monotonicMs(),
      detail: undefined,
      bounds,
    };
    this.#parts.set(name, part);
    return {
      up: () => {
        part.state = 'up';
        part.reason = undefined;
        part.lastProgressMs = this.#clock.monotonicMs();
      },
      down: (reason) => {
        part.state = 'down';
        part.reason = reason;
      },
      progress: () => {
        part.lastProgressMs = this.#clock.monotonicMs();
      },
      describe: (detail) => {
        part.detail = detail;
      },
      remove: () => {
        if (this.#parts.get(name) === part) this.#parts.delete(name);
      },
    };
  }

  /** Makes the process unready from now on, regardless of its parts: it is stopping. */
  drain(reason = 'stopping'): void {
    this.#drainReason = reason;
  }

  /** Returns the current state. A process without parts is ready. */
  report(): HealthReport {
    const nowMs = this.#clock.monotonicMs();
    const parts = [...this.#parts].map(([name, part]) => describe(name, part, nowMs));
    if (this.#drainReason !== undefined) {
      parts.push({ name: 'process', state: 'down', reason: this.#drainReason });
    }
    return { ready: parts.every(({ state }) => state === 'up'), live: this.#liveness.isLive(), parts };
  }

  #isUnresponsive(): boolean {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#parts.values()].some(
      ({ lastProgressMs, bounds }) => nowMs - lastProgressMs > (bounds.deadAfterMs ?? Infinity),
    );
  }
}

function describe(name: string, part: Part, nowMs: number): PartReport {
  const detail = part.detail?.();
  const report = { name, state: part.state, ...(detail === undefined ? {} : { detail }) };
  const silentMs = nowMs - part.lastProgressMs;
  const maxSilenceMs = part.bounds.maxSilenceMs ?? Infinity;
  if (part.state === 'up' && silentMs > maxSilenceMs) {
    const reason = `no progress for ${Math.round(silentMs)} ms, at most ${maxSilenceMs} ms expected`;
    return { ...report, state: 'stalled', reason };
  }
  return part.reason === undefined ? report : { ...report, reason: part.reason };
}
