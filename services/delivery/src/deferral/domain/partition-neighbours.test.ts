import { describe, expect, it } from 'vitest';
import { lightQueueLength, PartitionNeighbours } from './partition-neighbours.ts';

describe('PartitionNeighbours', () => {
  const noneQueued = () => 0;

  it('reports whether another subscription had commands recently', () => {
    const neighbours = new PartitionNeighbours();
    neighbours.record('a', 0, 100);
    expect(neighbours.hasOther('a', 0, noneQueued)).toBe(false);
    neighbours.record('b', 0, 200);
    expect(neighbours.hasOther('a', 0, noneQueued)).toBe(true);
    expect(neighbours.hasOther('a', 201, noneQueued)).toBe(false);
    expect(neighbours.hasOther('b', 0, noneQueued)).toBe(true);
  });

  it('ignores a subscription with a backlog of its own', () => {
    const neighbours = new PartitionNeighbours();
    neighbours.record('a', 0, 100);
    neighbours.record('b', 0, 100);
    expect(
      neighbours.hasOther('a', 0, (subscriptionId) => (subscriptionId === 'b' ? lightQueueLength + 1 : 0)),
    ).toBe(false);
    neighbours.record('b', lightQueueLength + 1, 500);
    expect(neighbours.hasOther('a', 300, noneQueued)).toBe(false);
  });
});
