import type { Schemas } from '../../api/client.ts';
import { Tile, TileRow } from '../../parts/page/tile-row.tsx';
import { percentText } from '../../parts/values/percent-text.ts';
import { texts } from './texts.ts';

type FiguresProps = Readonly<{
  total: Schemas['Statistics']['total'];
  /** The number of deliveries that wait for an attempt or are dead letters now; undefined before it is known. */
  undelivered: number | undefined;
}>;

/** The figures of the last day, and what is undelivered now. Those that ask for action lead to the deliveries behind them. */
export function Figures({ total, undelivered }: FiguresProps) {
  const { delivered, failed, success_rate } = total;
  return (
    <TileRow label={texts.figures}>
      <Tile name={texts.delivered}>{delivered.toLocaleString()}</Tile>
      <Tile name={texts.success}>{success_rate === null ? '–' : percentText(success_rate)}</Tile>
      <Tile name={texts.failed} isBad={failed > 0}>
        {failed.toLocaleString()}
      </Tile>
      <Tile name={texts.given} isBad={(undelivered ?? 0) > 0}>
        {undelivered === undefined ? '–' : <a href="#failing">{undelivered.toLocaleString()}</a>}
      </Tile>
    </TileRow>
  );
}
