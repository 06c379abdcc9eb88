/** Returns a function that gives numbers between 0 and 1, the same ones for each seed. */
export const randomNumbers = (seed: number): (() => number) => {
  let state = seed * 7_919;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};
