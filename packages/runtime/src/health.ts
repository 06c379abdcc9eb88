import { type Clock, systemClock } from './clock.ts';

/** The states of a part: `starting → up ⇄ down`, `up → stalled` when progress is overdue, back with the next progress. */
export type PartState = 'starting' | 'up' | 'stalled' | 'down';

/** One part in a report; `reason` says why it is not up. */
export type PartReport = Readonly<{ name: string; state: PartState; reason?: string }>;

/** `ready`: send work here. `live`: no use in a restart. */
export type HealthReport = Readonly<{ ready: boolean; live: boolean; parts: readonly PartReport[] }>;

/** What a part tells about itself. */
export type HealthPart = Readonly<{
  /** It works. Counts as progress. */
  up: () => void;
  /** It does not; `reason` is shown to operators. */
  down: (reason: string) => void;
  /** It has just done a turn of its work (an empty fetch counts). Cheap enough for every turn. */
  progress: () => void;
  /** It is gone and no longer counts. */
  remove: () => void;
}>;

/**
 * How long a part may be up without progress: past `maxSilenceMs` it is stalled (not ready), past `deadAfterMs` the
 * process is not live any more, so that its supervisor restarts it. Default: no bound, for parts that only wait.
 */
export type HealthBounds = Readonly<{ maxSilenceMs?: number; deadAfterMs?: number }>;

type Part = {
  state: Exclude<PartState, 'stalled'>;
  reason: string | undefined;
  lastProgressMs: number;
  readonly bounds: HealthBounds;
};

/**
 * Healthy means that the workers are alive AND that they moved lately. A dead worker flips readiness and the process
 * stays to say so.
 */
export class Health {
  readonly #parts = new Map<string, Part>();
  readonly #clock: Clock;
  #drainReason: string | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** A new part, `starting` until it says otherwise. A second part of the same name replaces the first. */
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

  /** From now on not ready, whatever the parts say: the process is stopping. */
  drain(reason = 'stopping'): void {
    this.#drainReason = reason;
  }

  /** The state now. A process without parts is ready. */
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
