import { count, duration } from "../../../../engine/format";
import { reading } from "../load/requestLog";
import { html, type Markup } from "./markup";
import type { RequestKinds } from "./parts";
import { heldWrites, type Timeline } from "./timeline";
import type { FlipFact, FlipStep } from "./types";

const WIDTH = 440;
const LEFT = 50;
const RIGHT = 8;

/** One decimal is enough for a picture. */
function n(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The colours are for a kind that reads and two that write; further kinds share the last. */
export function toneOf(kinds: RequestKinds, kind: string): string {
  return `kind${Math.min(2, Math.max(0, Object.keys(kinds).indexOf(kind)))}`;
}

/** A single bar for a row of a table, as wide as its cell. */
export function bar(share: number, tone: string): Markup {
  const width = n(Math.max(0.6, Math.min(1, share) * 100));
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10"/><rect class="${tone}" width="${width}" height="10"/></svg>`;
}

/** Steps one after the other as one bar, each as long as it took. */
export function stackedBar(steps: FlipStep[]): Markup {
  const total = steps.reduce((sum, { ms }) => sum + ms, 0) || 1;
  let x = 0;
  const parts = steps.map(({ name, ms }, i) => {
    const width = (ms / total) * 100;
    const part = html`<rect class="step${i % 6}" x="${n(x)}" width="${n(Math.max(width, 0.4))}" height="10"><title>${name}: ${duration(ms)}</title></rect>`;
    x += width;
    return part;
  });
  return html`<svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="The write pause by its steps">${parts}</svg>`;
}

interface Frame {
  fromMs: number;
  toMs: number;
  top: number;
  bottom: number;
}

function xOf({ fromMs, toMs }: Frame, ms: number): number {
  return n(LEFT + ((ms - fromMs) / (toMs - fromMs)) * (WIDTH - LEFT - RIGHT));
}

/** Who takes writes before and after, and the pause between them. */
function sides(frame: Frame, flip: FlipFact): Markup {
  const [start, left, right] = [xOf(frame, 0), xOf(frame, frame.fromMs), xOf(frame, frame.toMs)];
  const end = Math.max(xOf(frame, flip.writePauseMs), start + 2);
  const height = frame.bottom - frame.top;
  return html`
<rect class="side-${flip.from}" x="${left}" y="${frame.top}" width="${n(start - left)}" height="${height}"/>
<rect class="side-${flip.to}" x="${n(end)}" y="${frame.top}" width="${n(right - end)}" height="${height}"/>
<rect class="pause" x="${start}" y="${frame.top}" width="${n(end - start)}" height="${height}"><title>write pause ${duration(flip.writePauseMs)}</title></rect>`;
}

function timeAxis(frame: Frame, stepMs: number): Markup {
  const marks: Markup[] = [];
  for (let ms = Math.ceil(frame.fromMs / stepMs) * stepMs; ms <= frame.toMs; ms += stepMs) {
    const x = xOf(frame, ms);
    const label = ms === 0 ? "flip" : `${ms > 0 ? "+" : "−"}${Math.abs(ms) / 1000} s`;
    const anchor = ms === frame.toMs ? "end" : ms === frame.fromMs ? "start" : "middle";
    marks.push(
      html`<line class="grid" x1="${x}" x2="${x}" y1="${frame.top}" y2="${frame.bottom}"/><text x="${x}" y="${frame.bottom + 14}" text-anchor="${anchor}">${label}</text>`,
    );
  }
  return html`${marks}`;
}

/** Requests finished in each second: page views below, changes on top. */
function rates(timeline: Timeline, frame: Frame): Markup {
  const seconds = Math.round((timeline.toMs - timeline.fromMs) / 1000);
  const views = new Array<number>(seconds).fill(0);
  const changes = new Array<number>(seconds).fill(0);
  for (const { startMs, latencyMs, kind } of timeline.requests) {
    const second = Math.floor((startMs + latencyMs - timeline.fromMs) / 1000);
    if (second < 0 || second >= seconds) continue;
    const column = kind === reading ? views : changes;
    column[second] = (column[second] ?? 0) + 1;
  }
  const most = Math.max(1, ...views.map((v, i) => v + (changes[i] ?? 0)));
  const scale = (frame.bottom - frame.top) / most;
  const bars = views.map((v, i) => {
    const c = changes[i] ?? 0;
    const x = xOf(frame, timeline.fromMs + i * 1000);
    const width = n((WIDTH - LEFT - RIGHT) / seconds - 1.5);
    const title = html`<title>${v} reads, ${c} changes</title>`;
    return html`<g><rect class="kind0" x="${x}" y="${n(frame.bottom - v * scale)}" width="${width}" height="${n(v * scale)}"/><rect class="kind1" x="${x}" y="${n(frame.bottom - (v + c) * scale)}" width="${width}" height="${n(c * scale)}"/>${title}</g>`;
  });
  return html`${bars}<text x="${LEFT - 5}" y="${frame.top + 9}" text-anchor="end">${count(most)}/s</text>`;
}

const LATENCY_TICKS_MS = [1, 10, 100, 1_000, 10_000];

function latencies(timeline: Timeline, kinds: RequestKinds, held: Set<object>, frame: Frame): Markup {
  const values = timeline.requests.map(({ latencyMs }) => Math.max(1, latencyMs));
  const top = Math.log10(Math.max(1_000, ...values));
  const bottom = Math.log10(Math.min(10, ...values));
  const y = (ms: number) =>
    n(
      frame.bottom -
        ((Math.log10(Math.max(1, ms)) - bottom) / (top - bottom)) * (frame.bottom - frame.top - 6) -
        3,
    );
  const ticks = LATENCY_TICKS_MS.filter((ms) => Math.log10(ms) >= bottom && Math.log10(ms) <= top).map(
    (ms) =>
      html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(ms)}" y2="${y(ms)}"/><text x="${LEFT - 5}" y="${n(y(ms) + 4)}" text-anchor="end">${duration(ms)}</text>`,
  );
  const dots = timeline.requests
    .filter(({ startMs }) => startMs >= frame.fromMs)
    .map((request) => {
      const { startMs, latencyMs, kind, ok } = request;
      const [cx, cy] = [xOf(frame, startMs), y(latencyMs)];
      const title = html`<title>${kinds[kind]}: ${duration(latencyMs)}${ok ? "" : ", failed"}</title>`;
      if (!ok) return html`<path class="failed" d="M${n(cx - 4)} ${n(cy - 4)}l8 8m0 -8l-8 8">${title}</path>`;
      if (held.has(request))
        return html`<circle class="held" cx="${cx}" cy="${cy}" r="4.5">${title}</circle>`;
      return html`<circle class="${toneOf(kinds, kind)}" cx="${cx}" cy="${cy}" r="${kind === reading ? 1.6 : 2.4}">${title}</circle>`;
    });
  return html`${ticks}${dots}`;
}

/** Fifteen seconds to either side: how many requests a second, and how long each took. */
export function timelineChart(flip: FlipFact, timeline: Timeline, kinds: RequestKinds): Markup {
  const range = { fromMs: timeline.fromMs, toMs: timeline.toMs };
  const upper: Frame = { ...range, top: 18, bottom: 88 };
  const lower: Frame = { ...range, top: 112, bottom: 236 };
  const held = new Set<object>(heldWrites(timeline, flip.writePauseMs));
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} 256" role="img" aria-label="Requests from 15 seconds before to 15 seconds after the flip">
${sides(upper, flip)}${rates(timeline, upper)}
${sides(lower, flip)}${timeAxis(lower, 5_000)}${latencies(timeline, kinds, held, lower)}
<text class="title" x="${LEFT}" y="12">requests in each second</text>
<text class="title" x="${LEFT}" y="106">how long each took</text>
</svg>`;
}

/** How far the close-up reaches before and after the pause, in milliseconds. */
const CLOSE_UP_MS = 1_000;

/** The moment itself: every request as a line from its start to its answer. */
export function closeUpChart(flip: FlipFact, timeline: Timeline, kinds: RequestKinds): Markup {
  const [fromMs, toMs] = [
    -CLOSE_UP_MS,
    Math.max(CLOSE_UP_MS, Math.ceil((flip.writePauseMs * 1.6) / 500) * 500),
  ];
  const shown = timeline.requests.filter(
    ({ startMs, latencyMs }) => startMs <= toMs && startMs + latencyMs >= fromMs,
  );
  const held = new Set<object>(heldWrites(timeline, flip.writePauseMs));
  const lanes: number[] = [];
  const placed = shown.map((request) => {
    const free = lanes.findIndex((endMs) => endMs + 12 < request.startMs);
    const lane = free >= 0 ? free : lanes.length;
    lanes[lane] = request.startMs + request.latencyMs;
    return { request, lane };
  });
  const frame: Frame = { fromMs, toMs, top: 18, bottom: 236 };
  const laneHeight = Math.min(24, (frame.bottom - frame.top - 22) / Math.max(1, lanes.length));
  const bars = placed.map(({ request, lane }) => {
    const { startMs, latencyMs, kind, ok } = request;
    const x = xOf(frame, Math.max(fromMs, startMs));
    const width = n(Math.max(2, xOf(frame, Math.min(toMs, startMs + latencyMs)) - x));
    const tone = ok ? (held.has(request) ? "held" : toneOf(kinds, kind)) : "failed-bar";
    const y = n(frame.top + 20 + lane * laneHeight);
    return html`<rect class="${tone}" x="${x}" y="${y}" width="${width}" height="${n(laneHeight * 0.66)}" rx="2"><title>${kinds[kind]}: ${duration(latencyMs)}${ok ? "" : ", failed"}</title></rect>`;
  });
  const middle = xOf(frame, flip.writePauseMs / 2);
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} 256" role="img" aria-label="Every request around the write pause">
${sides(frame, flip)}${timeAxis(frame, toMs > 2_000 ? 1_000 : 500)}${bars}
<text class="title" x="${LEFT}" y="12">the moment itself: one line for each request</text>
<text class="note" x="${n(xOf(frame, fromMs) + 4)}" y="${frame.top + 13}">${flip.from} takes writes</text>
<text class="note" x="${n(xOf(frame, toMs) - 4)}" y="${frame.top + 13}" text-anchor="end">${flip.to} takes writes</text>
<text class="note strong" x="${middle}" y="${frame.bottom - 6}" text-anchor="middle">${duration(flip.writePauseMs)}</text>
</svg>`;
}
