import { formatDuration } from '../lib/duration';
import type { TraceModel } from './model';
import type { Style } from './paint';
import type { RowTexts } from './row-view';
import { producerOf, queueName } from './waits';

/** How long the message of a row waited, and in which queue. */
export function waitText(
  model: TraceModel,
  row: number,
  sent: number,
  style: Style,
  texts: RowTexts,
): string {
  const time = formatDuration((model.start[row] ?? 0) - sent, style.language);
  const queue = queueName(model, producerOf(model, row), row);
  return queue ? texts.waited(queue, time) : texts.waitedSomewhere(time);
}
