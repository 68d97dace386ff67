import { useNavigate, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useKeys } from '../../components/use-keys';

const MOST_MARKS = 2;

/** The marks after one more, or one less: of three the first goes. */
export const toggled = (marks: readonly string[], traceId: string): string[] =>
  marks.includes(traceId) ? marks.filter((one) => one !== traceId) : [...marks, traceId].slice(-MOST_MARKS);

/** Walks the rows with j and k; the row one is at has the focus, so that Enter opens it as any link. */
export function useRowKeys(
  ids: readonly string[],
  marks: readonly string[],
  onMark: (marks: string[]) => void,
  show: (index: number) => void,
) {
  const [at, setAt] = useState(-1);
  const navigate = useNavigate();
  const router = useRouter();
  useEffect(() => setAt((before) => Math.min(before, ids.length - 1)), [ids.length]);
  const move = (by: number) => {
    const next = Math.min(Math.max(0, at + by), ids.length - 1);
    if (next < 0) return;
    setAt(next);
    show(next);
  };
  const current = ids[at];
  const compare = () => {
    const [a, b] = marks;
    if (a && b) void navigate({ to: '/compare', search: { a, b } });
  };
  useKeys('list', [
    { name: 'move', press: 'j', run: () => move(1) },
    { name: 'move', press: 'k', run: () => move(-1) },
    { name: 'openRow', press: 'Enter' },
    {
      name: 'openTab',
      press: 'o',
      run: () => {
        if (!current) return;
        const { href } = router.buildLocation({ to: '/trace/$traceId', params: { traceId: current } });
        window.open(router.history.createHref(href), '_blank', 'noopener');
      },
    },
    { name: 'mark', press: 'x', run: () => current && onMark(toggled(marks, current)) },
    { name: 'compare', press: 'c', run: compare },
  ]);
  return { at, setAt, compare };
}
