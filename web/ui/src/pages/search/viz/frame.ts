import { type Brush, type Durations, roundOut } from '../../../lib/brush';
import { formatDuration } from '../../../lib/duration';
import { formatAxisTime } from '../../../lib/instant';
import type { Style } from '../../../trace/paint';

/** Room around the drawing for its labels, in pixels. */
export const LEFT = 58;
export const RIGHT = 12;
export const TOP = 10;
export const BOTTOM = 20;

/** Nothing that took time took less. What took none stands on the lowest line: a logarithm has no zero. */
export const SHORTEST_NS = 1;

export type Domain = { fromMs: number; toMs: number };
export type Box = { x0: number; y0: number; x1: number; y1: number };
/** A value's place in pixels, and back. */
export type Scale = { to: (value: number) => number; from: (pixel: number) => number };

export const timeScale = ({ fromMs, toMs }: Domain, width: number): Scale => {
  const span = Math.max(1, toMs - fromMs);
  const room = Math.max(1, width - LEFT - RIGHT);
  return {
    to: (ms) => LEFT + ((ms - fromMs) / span) * room,
    from: (x) => fromMs + ((x - LEFT) / room) * span,
  };
};

/** Durations by their logarithm, from one pixel to another. */
export const logScale = (shortest: number, longest: number, from: number, to: number): Scale => {
  const low = Math.log10(shortest);
  const size = Math.max(1e-9, Math.log10(longest) - low);
  return {
    to: (ns) => from + ((Math.log10(Math.max(shortest, ns)) - low) / size) * (to - from),
    from: (pixel) => 10 ** (low + ((pixel - from) / (to - from)) * size),
  };
};

/** The durations between two places; what reaches the lowest line holds what took no time. */
export function durationsOf(scale: Scale, low: number, high: number): Durations {
  const rounded = roundOut({ from: scale.from(low), to: scale.from(high) });
  return Math.abs(low - scale.to(0)) < 0.5 ? { ...rounded, from: 0 } : rounded;
}

export type OnBrush = (brush: Brush | undefined) => void;

/** The powers of ten that enclose these durations. */
export function powersOf(shortest: number, longest: number): number[] {
  const low = Math.floor(Math.log10(Math.max(SHORTEST_NS, shortest)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(SHORTEST_NS, longest))));
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}

export function paintTimes(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  domain: Domain,
  scale: Scale,
  style: Style,
): void {
  const count = Math.max(2, Math.floor((width - LEFT - RIGHT) / 150));
  const span = domain.toMs - domain.fromMs;
  context.font = style.font;
  context.textBaseline = 'middle';
  context.fillStyle = style.dimmed;
  for (let i = 0; i <= count; i++) {
    const ms = domain.fromMs + (span * i) / count;
    context.textAlign = i === 0 ? 'left' : i === count ? 'right' : 'center';
    context.fillText(formatAxisTime(ms, span, style.language), scale.to(ms), height - BOTTOM / 2 + 1);
  }
}

/** Lines and labels of an upright axis; values come with what they say. */
export function paintLines(
  context: CanvasRenderingContext2D,
  width: number,
  lines: readonly { y: number; label: string }[],
  style: Style,
): void {
  context.font = style.font;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const { y, label } of lines) {
    context.fillStyle = style.line;
    context.fillRect(LEFT, Math.round(y), width - LEFT - RIGHT, 1);
    context.fillStyle = style.dimmed;
    context.fillText(label, LEFT - 8, Math.round(y));
  }
}

export const durationLines = (powers: readonly number[], scale: Scale, language: string) =>
  powers.map((power) => ({ y: scale.to(power), label: formatDuration(power, language) }));
