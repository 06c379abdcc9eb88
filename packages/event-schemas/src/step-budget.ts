/** An error for a check that exceeded its steps: the result is unknown. */
export class TooManySteps extends Error {}

/**
 * Counts the steps of one check. A small schema may cause endless work (references that double at each level, patterns
 * over long texts): the limit ends the check in any case.
 */
export class StepBudget {
  #left = 0;

  /** Resets the count before each check. */
  reset(steps: number): void {
    this.#left = steps;
  }

  /** Throws {@link TooManySteps} once all steps are spent. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooManySteps('the check takes too many steps');
  }

  /** Spends the steps of applying one schema to one value: the schema's weight plus the value's size. */
  spendOn(weight: number, value: unknown): void {
    let steps = weight;
    if (typeof value === 'string') steps += value.length >> 6;
    else if (Array.isArray(value)) steps += value.length;
    else if (typeof value === 'object' && value !== null) for (const _ in value) steps += 1;
    this.spend(steps);
  }
}
