/** A check went on for longer than it may: nothing is known about the data. */
export class TooManySteps extends Error {}

/**
 * Counts the steps of one check. A schema may be small and still ask for work without end (references that double at
 * each level, patterns over long texts): whatever it says, the check stops here.
 */
export class StepMeter {
  #left = 0;

  /** Before each check. */
  reset(steps: number): void {
    this.#left = steps;
  }

  /** Throws {@link TooManySteps} when they are used up. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooManySteps('the check takes too many steps');
  }

  /** One schema looks at one value: what the schema holds, and what the value's size adds. */
  spendOn(weight: number, value: unknown): void {
    let steps = weight;
    if (typeof value === 'string') steps += value.length >> 6;
    else if (Array.isArray(value)) steps += value.length;
    else if (typeof value === 'object' && value !== null) for (const _ in value) steps += 1;
    this.spend(steps);
  }
}
