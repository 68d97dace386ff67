import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import { colourOf, type ServiceColour } from '../../lib/colour';
import { useTheme } from '../../theme/use-theme';
import type { TraceModel } from '../../trace/model';
import { serviceGraph } from '../../trace/statistics';
import classes from './Views.module.css';

const BOX = { width: 190, height: 62 };
const GAP = { x: 120, y: 30 };
const EDGE = 20;

type Props = {
  model: TraceModel;
  colours: Map<string, ServiceColour>;
  onSelect: (spanId: string) => void;
};

/** The services of this trace and their calls, callers on the left; the list below says the same in words. */
export function MapView({ model, colours, onSelect }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const theme = useTheme();
  const { nodes, calls } = useMemo(() => serviceGraph(model), [model]);
  const levels = Math.max(1, ...nodes.map((n) => n.level + 1));
  const tallest = Math.max(1, ...nodes.map((n) => n.place + 1));
  const width = 2 * EDGE + levels * BOX.width + levels * GAP.x;
  const height = 2 * EDGE + tallest * BOX.height + (tallest - 1) * GAP.y + 24;
  const counts = new Map<number, number>();
  for (const n of nodes) counts.set(n.level, (counts.get(n.level) ?? 0) + 1);
  const place = nodes.map((n) => {
    const own = counts.get(n.level) ?? 1;
    const top = ((tallest - own) * (BOX.height + GAP.y)) / 2;
    return { x: EDGE + n.level * (BOX.width + GAP.x), y: EDGE + top + n.place * (BOX.height + GAP.y) };
  });
  const most = Math.max(1, ...calls.map((c) => c.calls));
  return (
    <div className={classes.scroll}>
      <svg className={classes.map} width={width} height={height} role="img" aria-label={t('traceMap.label')}>
        <defs>
          <marker
            id="call"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0L8 4L0 8z" className={classes.tip} />
          </marker>
        </defs>
        {calls.map((call) => {
          const [a, b] = [place[call.from], place[call.to]];
          if (!a || !b) return null;
          const forward = b.x > a.x;
          // A call to the same column or back goes around on the right.
          const [x1, y1] = [a.x + BOX.width, a.y + BOX.height / 2];
          const [x2, y2] = [forward ? b.x : b.x + BOX.width, b.y + BOX.height / 2];
          const out = forward ? GAP.x / 2 : 70;
          const curve = `M${x1} ${y1}C${x1 + out} ${y1} ${forward ? x2 - out : x2 + out} ${y2} ${x2} ${y2}`;
          const middle = forward ? (x1 + x2) / 2 : Math.max(x1, x2) + 54;
          return (
            <g key={`${call.from} ${call.to}`} data-failed={call.errors > 0 || undefined}>
              <path
                d={curve}
                className={classes.edge}
                strokeWidth={1 + 3 * (call.calls / most)}
                markerEnd="url(#call)"
              />
              <text x={middle} y={(y1 + y2) / 2 + (forward ? -5 : 4)} className={classes.edgeText}>
                {`${format.count(call.calls)}× ${format.duration(call.totalNs)}${call.errors > 0 ? ` ⚠${call.errors}` : ''}`}
              </text>
            </g>
          );
        })}
        {nodes.map((n, i) => (
          <g
            key={n.name}
            transform={`translate(${place[i]?.x ?? 0} ${place[i]?.y ?? 0})`}
            data-failed={n.errors > 0 || undefined}
          >
            <rect width={BOX.width} height={BOX.height} rx="6" className={classes.node} />
            <rect width="5" height={BOX.height} rx="2" fill={colourOf(colours.get(n.name), theme)} />
            <text x="14" y="20" className={classes.nodeName}>
              {n.name.length > 24 ? `${n.name.slice(0, 23)}…` : n.name}
              <title>{n.name}</title>
            </text>
            <text x="14" y="37" className={classes.nodeText}>
              {t('traceMap.spans', { count: n.spans })}
              {n.errors > 0 ? ` · ⚠ ${t('traceMap.errors', { count: n.errors })}` : ''}
            </text>
            <text x="14" y="53" className={classes.nodeText}>
              {t('traceMap.self', { time: format.duration(n.selfNs) })}
            </text>
          </g>
        ))}
      </svg>
      {calls.length > 0 && (
        <table className={classes.logs} aria-label={t('traceMap.list')}>
          <thead>
            <tr>
              <th scope="col">{t('traceMap.from')}</th>
              <th scope="col">{t('traceMap.to')}</th>
              <th scope="col">{t('traceTable.calls')}</th>
              <th scope="col">{t('traceTable.total')}</th>
              <th scope="col">{t('traceTable.errors')}</th>
            </tr>
          </thead>
          <tbody>
            {calls.map((call) => (
              <tr key={`${call.from} ${call.to}`}>
                <td>
                  <ServiceName
                    name={nodes[call.from]?.name ?? ''}
                    colour={colours.get(nodes[call.from]?.name ?? '')}
                  />
                </td>
                <td>
                  <button
                    type="button"
                    className={classes.link}
                    onClick={() => onSelect(model.id[call.row] ?? '')}
                  >
                    {nodes[call.to]?.name}
                  </button>
                </td>
                <td>{format.count(call.calls)}</td>
                <td>{format.duration(call.totalNs)}</td>
                <td className={call.errors > 0 ? classes.errors : undefined}>
                  {call.errors > 0 ? `⚠ ${format.count(call.errors)}` : '0'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
