/**
 * The picture of what was measured, as SVG: above, every outage on one axis, which is logarithmic because they lie
 * between tenths of a second and half a minute; below, per story of Holdfast, the stages of the run in the middle, each
 * on an axis of its own. Paints its own ground, so it reads the same on a dark page as on a light one.
 */
import { medianOf } from './median.ts';
import { inNoStage, type OutageRow, outageRows, type StagePanel, stagePanels } from './picture-rows.ts';
import type { LabOutput } from './result.ts';

const width = 960;
const margin = 20;
const ink = '#1f2328';
const quietInk = '#57606a';
const gridInk = '#d8dee4';

interface Paint {
  readonly fill: string;
  readonly stroke: string;
}

/** As in the other pictures: waiting for somebody is yellow, ours is blue, what changes the world is green. */
const waiting: Paint = { fill: '#fff8e5', stroke: '#bf8700' };
const ours: Paint = { fill: '#ddf4ff', stroke: '#0969da' };
const changing: Paint = { fill: '#dafbe1', stroke: '#1a7f37' };
const unexplained: Paint = { fill: '#ffebe9', stroke: '#cf222e' };
const others: Paint = { fill: '#eaeef2', stroke: '#57606a' };
const stagePaints: { readonly [stage: string]: Paint } = {
  noticed: waiting,
  detect: waiting,
  handover: waiting,
  assign: changing,
  host: changing,
  [inNoStage]: unexplained,
};

const reading = 'Bars are medians, dots single measurements; the axis is logarithmic.';
const legend: readonly (readonly [Paint, string])[] = [
  [waiting, 'until the function runs'],
  [ours, 'looks, decides, records'],
  [changing, 'moves the address'],
  [unexplained, 'in no stage'],
];

/** A part of the picture, and where it ends. */
interface Part {
  readonly svg: readonly string[];
  readonly bottom: number;
}

/** The same input makes the same text. */
export function pictureOf(output: LabOutput): string {
  const rows = outageRows(output);
  const above = overview(rows, 60);
  const below = stages(stagePanels(output.runs), above.bottom + 40);
  const height = below.bottom + margin;
  const said = rows.map(({ label, note }) => `${label}: ${note}`).join('; ');
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="${ink}" role="img" aria-label="${escaped(`How long a client misses its address. ${said}`)}">`,
    `<style>.s{font-size:11px;fill:${quietInk}}.b{font-weight:600}</style>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    words(margin, 28, 'How long a client misses its address', { class: 'b' }),
    words(margin, 46, `Asked every 10 ms, side by side. ${reading}`, { class: 's' }),
    ...above.svg,
    ...below.svg,
    '</svg>',
  ].join('\n')}\n`;
}

// ---- Above: every outage on one axis

const axisLeft = 320;
const axisRight = 850;
const rowHeight = 26;
const barHeight = 14;
const marks = [
  10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
];

function overview(rows: readonly OutageRow[], top: number): Part {
  const all = rows.flatMap(({ outagesMs }) => outagesMs);
  const fromMs = marks.findLast((mark) => mark < Math.min(...all)) ?? 10;
  const untilMs = marks.find((mark) => mark >= Math.max(...all, 2 * fromMs)) ?? 500_000;
  const place = (ms: number) =>
    axisLeft + (Math.log(ms / fromMs) / Math.log(untilMs / fromMs)) * (axisRight - axisLeft);
  const bottom = top + rows.length * rowHeight + 8;
  const grid = marks
    .filter((mark) => mark >= fromMs && mark <= untilMs)
    .flatMap((mark) => [
      `<path d="M${at(place(mark))} ${top} V${bottom}" stroke="${gridInk}"/>`,
      words(place(mark), bottom + 16, spanOf(mark), { class: 's', anchor: 'middle' }),
    ]);
  const bars = rows.flatMap((row, index) => outageBar(row, top + 8 + index * rowHeight, place));
  return { svg: all.length === 0 ? bars : [...grid, ...bars], bottom: bottom + 16 };
}

function outageBar(row: OutageRow, top: number, place: (ms: number) => number): readonly string[] {
  const base = top + barHeight - 3;
  const label = words(axisLeft - 10, base, row.label, { anchor: 'end' });
  const median = medianOf(row.outagesMs);
  if (median === undefined) return [label, words(axisLeft + 6, base, row.note, { class: 's' })];
  const paint = row.ours ? ours : others;
  const dots = row.outagesMs.map(
    (ms) =>
      `<circle cx="${at(place(ms))}" cy="${at(top + barHeight / 2)}" r="2.5" fill="#ffffff" stroke="${paint.stroke}"/>`,
  );
  const end = Math.max(...row.outagesMs.map(place));
  return [
    label,
    bar(axisLeft, top, place(median) - axisLeft, barHeight, paint),
    ...dots,
    words(end + 8, base, row.note, { class: 'b' }),
  ];
}

/** `100 ms`, `2 s`. */
function spanOf(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}

// ---- Below: the stages of each story

const columns = 3;
const gap = 28;
const columnWidth = (width - 2 * margin - (columns - 1) * gap) / columns;
const nameWidth = 74;
const figureWidth = 64;
const stageHeight = 18;
const headHeight = 40;
const legendWidth = 158;

function stages(panels: readonly StagePanel[], top: number): Part {
  if (panels.length === 0) return { svg: [], bottom: top - 40 };
  const lines = Array.from({ length: Math.ceil(panels.length / columns) }, (_, line) =>
    panels.slice(line * columns, (line + 1) * columns),
  );
  const svg = [
    words(margin, top, 'Where that time goes', { class: 'b' }),
    words(
      margin,
      top + 18,
      'The run in the middle of each story, last answer to first; each on its own axis.',
      {
        class: 's',
      },
    ),
    ...legend.flatMap(([paint, meaning], index) => {
      const left = width - margin - (legend.length - index) * legendWidth;
      return [bar(left, top - 10, 11, 11, paint), words(left + 16, top, meaning, { class: 's' })];
    }),
  ];
  let bottom = top + 44;
  for (const line of lines) {
    const drawn = line.map((panel, column) =>
      stagePanel(panel, margin + column * (columnWidth + gap), bottom),
    );
    svg.push(...drawn.flatMap((part) => part.svg));
    bottom = Math.max(...drawn.map((part) => part.bottom)) + 16;
  }
  return { svg, bottom: bottom - 16 };
}

function stagePanel({ label, outageMs, stretches }: StagePanel, left: number, top: number): Part {
  const axis = left + nameWidth;
  const scale = (columnWidth - nameWidth - figureWidth) / Math.max(1, outageMs);
  const first = top + headHeight;
  const bottom = first + stretches.length * stageHeight;
  const bars = stretches.flatMap(({ stage, fromMs, untilMs }, index) => {
    const y = first + index * stageHeight;
    const length = (untilMs - fromMs) * scale;
    return [
      words(axis - 8, y + 12, stage, { class: 's', anchor: 'end' }),
      bar(axis + fromMs * scale, y + 3, length, 11, stagePaints[stage] ?? ours),
      words(axis + fromMs * scale + Math.max(length, 2) + 5, y + 12, `${untilMs - fromMs} ms`, {
        class: 's',
      }),
    ];
  });
  return {
    svg: [
      words(left, top + 12, capitalized(label), { class: 'b' }),
      words(left, top + 28, `outage ${outageMs} ms`, { class: 's' }),
      `<path d="M${at(axis)} ${first} V${bottom}" stroke="${gridInk}"/>`,
      ...bars,
    ],
    bottom,
  };
}

// ---- Strokes

function bar(x: number, y: number, length: number, height: number, { fill, stroke }: Paint): string {
  return `<rect x="${at(x)}" y="${at(y)}" width="${at(Math.max(length, 2))}" height="${height}" rx="2" fill="${fill}" stroke="${stroke}"/>`;
}

function words(
  x: number,
  y: number,
  text: string,
  style: { readonly class?: 'b' | 's'; readonly anchor?: 'middle' | 'end' },
): string {
  const looks = style.class === undefined ? '' : ` class="${style.class}"`;
  const anchor = style.anchor === undefined ? '' : ` text-anchor="${style.anchor}"`;
  return `<text${looks} x="${at(x)}" y="${at(y)}"${anchor}>${escaped(text)}</text>`;
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function at(position: number): string {
  return String(Math.round(position * 10) / 10);
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
