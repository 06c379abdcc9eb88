export { describeIdempotencyStore } from './idempotency-store-contract.ts';
export { MemoryIdempotencyStore } from './memory-idempotency-store.ts';
