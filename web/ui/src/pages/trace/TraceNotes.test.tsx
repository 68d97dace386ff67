import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { compactTrace } from '../../test/compact-trace';
import { renderAt } from '../../test/render';
import { buildTrace, FLAG_LOST, FLAG_RUNNING } from '../../trace/model';
import { TraceNotes } from './TraceNotes';

it('says how many spans have no end, and which kind of none', async () => {
  const model = buildTrace(
    compactTrace([
      { id: 'a', duration: 100 },
      { id: 'b', parent: 'a', duration: 90, flags: FLAG_RUNNING },
      { id: 'c', parent: 'b', duration: 80, flags: FLAG_RUNNING },
      { id: 'd', parent: 'a', duration: 10, flags: FLAG_LOST },
    ]),
  );
  renderAt(<TraceNotes model={model} />);
  const note = await screen.findByText(/2 spans have not ended yet/);
  expect(note.textContent).toContain('1 span was killed');
});
