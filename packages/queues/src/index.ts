export { Fifo } from './fifo.ts';
export { MinHeap } from './min-heap.ts';
