import { describeIdempotencyStore } from './idempotency-store-contract.ts';
import { MemoryIdempotencyStore } from './memory-idempotency-store.ts';

describeIdempotencyStore('the memory store', async () => new MemoryIdempotencyStore());
