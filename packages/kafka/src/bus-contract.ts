import { describe } from 'vitest';
import { gatherContract } from './contract/gather-contract.ts';
import type { OpenHarness } from './contract/harness.ts';
import { producerContract } from './contract/producer-contract.ts';
import { readingContract } from './contract/reading-contract.ts';
import { rebalanceContract } from './contract/rebalance-contract.ts';
import { runnerContract } from './contract/runner-contract.ts';

/** What every {@link Bus} does. Imported by tests only: it brings vitest with it. */
export function busContract(name: string, open: OpenHarness): void {
  describe(`${name} keeps the bus contract`, () => {
    producerContract(open);
    runnerContract(open);
    gatherContract(open);
    rebalanceContract(open);
    readingContract(open);
  });
}
