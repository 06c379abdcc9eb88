import type { DashboardSpec, PanelSpec, RowSpec } from './dashboard.ts';

const datasource = { type: 'prometheus', uid: 'prometheus' } as const;
const sizes = { stat: { h: 5, w: 6 }, lines: { h: 8, w: 8 } } as const;
const columns = 24;

const settings = {
  tags: ['tidings'],
  schemaVersion: 41,
  version: 1,
  editable: true,
  timezone: 'browser',
  refresh: '10s',
  time: { from: 'now-1h', to: 'now' },
  annotations: { list: [] },
  templating: { list: [] },
  links: [
    {
      type: 'dashboards',
      title: 'Tidings',
      tags: ['tidings'],
      asDropdown: true,
      icon: 'external link',
      keepTime: true,
    },
  ],
} as const;

type Place = Readonly<{ x: number; y: number; w: number; h: number }>;

const panel = ({ kind, title, description, unit, queries }: PanelSpec, id: number, gridPos: Place) => ({
  id,
  type: kind === 'stat' ? 'stat' : 'timeseries',
  title,
  description,
  datasource,
  gridPos,
  targets: queries.map(([expr, legendFormat], at) => ({
    refId: String.fromCharCode(65 + at),
    datasource,
    expr,
    legendFormat,
  })),
  fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
  options:
    kind === 'stat'
      ? {
          reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
          colorMode: 'value',
          graphMode: 'area',
        }
      : {
          legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
          tooltip: { mode: 'multi', sort: 'desc' },
        },
});

type Panel = ReturnType<typeof panel> | Readonly<{ id: number; type: 'row'; title: string; gridPos: Place }>;

type Laid = Readonly<{ panels: readonly Panel[]; height: number }>;

/** Lays out a row from the line `y` on: its title, then its panels from left to right. */
function layOut({ title, panels }: RowSpec, y: number, firstId: number): Laid {
  const laid: Panel[] = [{ id: firstId, type: 'row', title, gridPos: { x: 0, y, w: columns, h: 1 } }];
  let [x, top, height] = [0, y + 1, 0];
  for (const spec of panels) {
    const { w, h } = sizes[spec.kind];
    if (x + w > columns) [x, top, height] = [0, top + height, 0];
    laid.push(panel(spec, firstId + laid.length, { x, y: top, w, h }));
    x += w;
    height = Math.max(height, h);
  }
  return { panels: laid, height: top + height - y };
}

/** Renders a dashboard as Grafana reads it. */
export function renderDashboard({ name, title, rows }: DashboardSpec) {
  const panels: Panel[] = [];
  let y = 0;
  for (const row of rows) {
    const laid = layOut(row, y, panels.length + 1);
    panels.push(...laid.panels);
    y += laid.height;
  }
  return { uid: `tidings-${name}`, title: `Tidings: ${title}`, ...settings, panels };
}
