const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 2 });

/** Returns a share from 0 to 1 in percent, with two digits at most, wherever one is shown: `28.57%`. */
export const percentText = (share: number): string => percent.format(share);
