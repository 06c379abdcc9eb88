import { type Clock, systemClock } from './clock.ts';

/** States of a part: `starting → up ⇄ down`, `up → stalled` when progress is overdue, back with the next progress. */
export type PartState = 'starting' | 'up' | 'stalled' | 'down';

/** One part in a report; `reason` is set if it is not up. */
export type PartReport = Readonly<{ name: string; state: PartState; reason?: string }>;

/** Health of the process. `ready`: it accepts work. `live`: a restart would not help. */
export type HealthReport = Readonly<{ ready: boolean; live: boolean; parts: readonly PartReport[] }>;

/** Reporting functions of a part. */
export type HealthPart = Readonly<{
  /** Reports that it works. Counts as progress. */
  up: () => void;
  /** Reports that it does not work; `reason` is shown to operators. */
  down: (reason: string) => void;
  /** Reports one completed step of its work (an empty fetch counts). Cheap enough for every step. */
  progress: () => void;
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
  readonly bounds: HealthBounds;
};

/**
 * Reports the health of a process: its workers are alive AND have made progress recently. A failed worker makes the
 * process unready; the process keeps running to report it.
 */
export class Health {
  readonly #parts = new Map<string, Part>();
  readonly #clock: Clock;
  #drainReason: string | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Registers a part, `starting` until its first report. A second part of the same name replaces the first. */
  register(name: string, bounds: HealthBounds = {}): HealthPart {
    const part: Part = {
      state: 'starting',
      reason: undefined,
      lastProgressMs: this.#clock.monotonicMs(),
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
    const isUnresponsive = [...this.#parts.values()].some(
      ({ lastProgressMs, bounds }) => nowMs - lastProgressMs > (bounds.deadAfterMs ?? Infinity),
    );
    return { ready: parts.every(({ state }) => state === 'up'), live: !isUnresponsive, parts };
  }
}

function describe(name: string, part: Part, nowMs: number): PartReport {
  const silentMs = nowMs - part.lastProgressMs;
  const maxSilenceMs = part.bounds.maxSilenceMs ?? Infinity;
  if (part.state === 'up' && silentMs > maxSilenceMs) {
    const reason = `no progress for ${Math.round(silentMs)} ms, at most ${maxSilenceMs} ms expected`;
    return { name, state: 'stalled', reason };
  }
  return part.reason === undefined
    ? { name, state: part.state }
    : { name, state: part.state, reason: part.reason };
}
