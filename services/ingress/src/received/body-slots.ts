type Held = { requests: number; bytes: number };

/** Limits of the bodies that are read or handled at once: of one source, and in all. */
export type BodyLimits = Readonly<{
  source: Readonly<Held>;
  all: Readonly<Held>;
}>;

const mebibyte = 1024 * 1024;

/** The limits of ingress. A sender without a key can hold no more memory and connections than these. */
const bodyLimits: BodyLimits = {
  source: { requests: 500, bytes: 64 * mebibyte },
  all: { requests: 2_000, bytes: 192 * mebibyte },
};

/** The bodies of webhooks that are in memory at once, by their announced size. */
export class BodySlots {
  readonly #limits: BodyLimits;
  readonly #all: Held = { requests: 0, bytes: 0 };
  readonly #bySource = new Map<string, Held>();

  constructor(limits: BodyLimits = bodyLimits) {
    this.#limits = limits;
  }

  /**
   * Takes room for a body; returns the function that gives it back once, or null if there is none. `bytes`: its size, or
   * the maximum for a body that does not announce one.
   */
  take(sourceId: string, bytes: number): (() => void) | null {
    const own = this.#bySource.get(sourceId) ?? { requests: 0, bytes: 0 };
    if (!hasRoom(own, this.#limits.source, bytes) || !hasRoom(this.#all, this.#limits.all, bytes))
      return null;
    this.#bySource.set(sourceId, own);
    for (const held of [own, this.#all]) add(held, 1, bytes);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      for (const held of [own, this.#all]) add(held, -1, -bytes);
      if (own.requests === 0) this.#bySource.delete(sourceId);
    };
  }
}

const hasRoom = (held: Held, limit: Readonly<Held>, bytes: number): boolean =>
  held.requests < limit.requests && held.bytes + bytes <= limit.bytes;

const add = (held: Held, requests: number, bytes: number): void => {
  held.requests += requests;
  held.bytes += bytes;
};
