import type { Core, NodeSingular } from 'cytoscape';
import { useCallback } from 'react';
import type { Drawn } from './elements';
import { type Direction, towards } from './moves';

const URGENT = { bad: 0, warn: 1, ok: 2 } as const;

/** Where an arrow key leads from a node, along its edges; without a node, to the one that needs attention most. */
export function useMoves({ scene }: Drawn, from: string | undefined) {
  return useCallback(
    (cy: Core, direction: Direction): string | undefined => {
      const at = from === undefined ? undefined : cy.getElementById(from);
      if (at === undefined || at.empty() || at.group() === 'edges') {
        const worst = [...scene.nodes].sort(
          (a, b) => URGENT[a.health] - URGENT[b.health] || b.calls - a.calls,
        )[0];
        return worst?.id;
      }
      const places = at
        .neighborhood('node')
        .toArray()
        .map((node) => ({ id: node.id(), ...(node as NodeSingular).position() }));
      return towards({ id: at.id(), ...at.position() }, places, direction) ?? from;
    },
    [scene, from],
  );
}
