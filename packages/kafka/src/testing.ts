export { CrashingProcess, type CrashPlan } from './memory/crashing-process.ts';
export { createMemoryBus, type MemoryBus, type MemoryBusOptions } from './memory/memory-bus.ts';
