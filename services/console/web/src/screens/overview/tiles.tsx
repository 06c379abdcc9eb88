import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { Tile, TileRow } from '../../parts/page/tile-row.tsx';
import { percentText } from '../../parts/values/percent-text.ts';
import { durationText } from '../../parts/values/relative-time.ts';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{ total: Schemas['Statistics']['total']; system: Schemas['System'] | undefined }>;

/** The figures of the last hour. A figure that asks for action leads to the deliveries behind it. */
export function Tiles({ total, system }: Props) {
  const t = texts.tiles;
  const failing = { since: '1h', status: 'retrying' };
  const { success_rate, accept_to_delivered_ms } = total;
  return (
    <TileRow>
      <Tile name={t.accepted}>{total.accepted.toLocaleString()}</Tile>
      <Tile name={t.delivered}>{total.delivered.toLocaleString()}</Tile>
      <Tile name={t.failed} isBad={total.failed > 0}>
        {total.failed === 0 ? (
          0
        ) : (
          <Link to="/deliveries" search={failing as never}>
            {total.failed.toLocaleString()}
          </Link>
        )}
      </Tile>
      <Tile name={t.deadLettered} isBad={total.dead_lettered > 0}>
        {total.dead_lettered === 0 ? (
          0
        ) : (
          <Link to="/deliveries" search={{ since: '1h', status: 'dead_lettered' } as never}>
            {total.dead_lettered.toLocaleString()}
          </Link>
        )}
      </Tile>
      <Tile name={t.success}>{success_rate === null ? '–' : percentText(success_rate)}</Tile>
      <Tile name={t.latency}>
        {accept_to_delivered_ms.p95 === null ? '–' : durationText(accept_to_delivered_ms.p95)}
      </Tile>
      {system !== undefined && (
        <Tile name={t.oldest}>
          {system.hops === null || system.retries === null ? (
            '–'
          ) : system.oldest_undelivered_at === null ? (
            t.none
          ) : (
            <Time at={system.oldest_undelivered_at} isShort />
          )}
        </Tile>
      )}
    </TileRow>
  );
}
