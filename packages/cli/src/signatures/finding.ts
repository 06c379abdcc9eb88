/** One thing that is wrong, as a sentence. */
export type Finding = Readonly<{ code: string; detail: string }>;

/** Returns a finding. */
export const finding = (code: string, detail: string): Finding => ({ code, detail });
