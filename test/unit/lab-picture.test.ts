import { describe, expect, it } from 'vitest';
import { pictureOf } from '../../lib/lab/picture.ts';
import { labResult, measured, sideBySide } from './lab-results.ts';

/** Every tag is closed in order, and nothing between tags or in quotes is markup by accident. */
function malformed(xml: string): string | undefined {
  const open: string[] = [];
  let at = 0;
  for (const tag of xml.matchAll(/<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    const between = xml.slice(at, tag.index);
    if (/[<>]|&(?!(?:amp|lt|gt|quot);)/.test(between + tag[3])) return `near "${between}${tag[0]}"`;
    at = tag.index + tag[0].length;
    const [, end, name, , alone] = tag;
    if (end === '/' && open.pop() !== name) return `</${name}> closes something else`;
    if (end === '' && alone === '' && name !== undefined) open.push(name);
  }
  if (xml.slice(at).trim() !== '') return `"${xml.slice(at)}" at the end`;
  return open.length === 0 ? undefined : `<${open.at(-1)}> stays open`;
}

function textsOf(svg: string): readonly string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text ?? '');
}

describe('the picture of a lab run', () => {
  const svg = pictureOf(sideBySide);

  it('is well-formed, also with markup in what could not be measured', () => {
    expect(malformed(svg)).toBeUndefined();
    expect(svg).toContain('not measured: no &lt;driver&gt; &amp; &quot;none&quot; to be had');
    expect(malformed('<svg><rect width="1"/><g></svg>')).toBe('</svg> closes something else');
    expect(malformed('<svg><text>a & b</text></svg>')).toMatch(/^near/);
  });

  it('has one labelled bar per thing measured, the rivals last', () => {
    const labels = textsOf(svg);
    const rows = [
      ['Holdfast fast lane, to the backup interface', '480 ms'],
      ['Holdfast alarm lane, to the backup interface', '29438 ms'],
      ['Holdfast failover by event', '3900 ms'],
      ['keepalived advert_int 1, the default', '3180 ms'],
    ];
    for (const [label = '', median] of rows) expect(labels[labels.indexOf(label) + 1]).toBe(median);
    const places = rows.map(([label = '']) => labels.indexOf(label));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('labels each bar, of outages and of stages, with its milliseconds', () => {
    const legend = 4;
    const ground = 1;
    const bars = svg.match(/<rect /g)?.length ?? 0;
    const figures = textsOf(svg).filter((text) => /^\d+ ms$/.test(text) && text !== '200 ms');
    const axis = figures.filter((text) => text === '500 ms').length;
    expect(bars - ground - legend).toBe(figures.length - axis);
    expect(bars).toBeGreaterThan(15);
  });

  it('shows the stages of the run in the middle', () => {
    const [first] = textsOf(svg).filter((text) => text.startsWith('outage'));
    expect(first).toBe('outage 480 ms');
    expect(textsOf(svg)).toContain(`${480 - 131} ms`);
  });

  it('shows what no stage explains', () => {
    const slow = { ...measured('eth0-dies', 600), stagesMs: { detect: 20, host: 400 } };
    const texts = textsOf(pictureOf({ ok: true, runs: [labResult('fast', [slow])] }));
    expect(texts[texts.lastIndexOf('in no stage') + 1]).toBe('144 ms');
  });

  it('draws longer bars for longer outages', () => {
    const widths = [...svg.matchAll(/<rect x="320" y="[^"]*" width="([^"]*)"/g)].map(([, each]) =>
      Number(each),
    );
    const [fast = 0, alarm = 0, failover = 0, keepalived = 0] = widths;
    expect([fast, keepalived, failover, alarm]).toEqual(widths.toSorted((a, b) => a - b));
  });

  it('is there when nothing was measured', () => {
    expect(malformed(pictureOf({ ok: false, runs: [] }))).toBeUndefined();
  });
});
