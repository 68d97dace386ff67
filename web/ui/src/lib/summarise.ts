/** How many durations, their median and the one that 95 % do not exceed. */
export function summarise(durations: readonly number[]): { count: number; p50: number; p95: number } {
  const sorted = Float64Array.from(durations).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95) };
}
