import { describe } from 'vitest';
import { handOverContract } from './hand-over-contract.ts';
import { handlerContract } from './handler-contract.ts';
import type { OpenHarness } from './harness.ts';
import { lingerContract } from './linger-contract.ts';
import { producerContract } from './producer-contract.ts';
import { readingContract } from './reading-contract.ts';
import { rebalanceContract } from './rebalance-contract.ts';
import { runnerContract } from './runner-contract.ts';

/** Defines the contract tests of every {@link Bus}. Imported by tests only: it imports vitest. */
export function busContract(name: string, open: OpenHarness): void {
  describe(`${name} keeps the bus contract`, () => {
    producerContract(open);
    runnerContract(open);
    handlerContract(open);
    handOverContract(open);
    lingerContract(open);
    rebalanceContract(open);
    readingContract(open);
  });
}
