import { useEffect, useRef, useState } from 'preact/hooks';
import { count, rate } from '../data/numbers.ts';
import type { Page } from '../data/store.ts';
import { type Column, type FlowNode, topologyOf } from '../data/topology.ts';
import { type Band, layOut, type Place } from './flow-layout.ts';

const COLUMNS: readonly Column[] = ['listener', 'route', 'pool', 'endpoint'];
const TITLES = { listener: 'Listeners', route: 'Routes', pool: 'Pools', endpoint: 'Endpoints' } as const;
/** Below this endpoints are left out, which the tables have too: four columns of names don't fit a phone. */
const NARROW = 560;

/** Listeners, routes, pools and endpoints, and how much flows between them. */
export function Flow({ overview, history }: Page) {
  const [width, place] = useWidth();
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  if (overview === undefined) return null;
  const isNarrow = width < NARROW;
  const { nodes, links } = topologyOf(overview, history, unfolded, isNarrow ? 10 : 20);
  const columns = isNarrow ? COLUMNS.filter((each) => each !== 'endpoint') : COLUMNS;
  const { height, places, bands } = layOut(nodes, links, columns, { width, height: heightOnWall() });
  const unfold = (listener: string) => setUnfolded((before) => toggled(before, listener));
  const hasTcp = overview.listeners.some(({ protocol }) => protocol === 'tcp');
  return (
    <section class="card flow-card" aria-labelledby="flow-title">
      <header class="card-head">
        <h2 id="flow-title">Flow</h2>
        <span class="note">requests/s, 10 s{hasTcp && '; tcp: open connections'}</span>
      </header>
      <div class="flow" ref={place} style={{ height: `${height}px` }}>
        <svg width={width} height={height} aria-hidden="true">
          {bands.map((band) => (
            <BandPath key={`${band.link.from}→${band.link.to}`} band={band} />
          ))}
        </svg>
        {columns.map((column) => (
          <Nodes key={column} column={column} places={[...places.values()]} onUnfold={unfold} />
        ))}
      </div>
    </section>
  );
}

/** On a wall it stands beside the pools, and fills what is left of the window below the figures; as in the style sheet. */
const heightOnWall = (): number => (innerWidth >= 2300 ? innerHeight - 230 : 0);

function toggled(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(names);
  if (!next.delete(name)) next.add(name);
  return next;
}

interface NodesProps {
  readonly column: Column;
  readonly places: readonly Place[];
  readonly onUnfold: (listener: string) => void;
}

function Nodes({ column, places, onUnfold }: NodesProps) {
  const own = places.filter(({ node }) => node.column === column);
  const x = own[0]?.x ?? 0;
  return (
    <>
      <h3 class="flow-title" style={{ left: `${x}px` }}>
        {TITLES[column]}
      </h3>
      <ul>
        {own.map(({ node, y, width, height }) => (
          <li
            key={node.key}
            class="node"
            style={{ left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` }}
          >
            <NodeBox node={node} onUnfold={onUnfold} />
          </li>
        ))}
      </ul>
    </>
  );
}

function NodeBox({ node, onUnfold }: { readonly node: FlowNode; readonly onUnfold: (listener: string) => void }) {
  const { name, detail, targets, unfolds } = node;
  const title = detail === '' ? name : `${name}, ${detail}`;
  if (unfolds !== undefined) {
    return (
      <button type="button" title={title} onClick={() => onUnfold(unfolds)}>
        <NodeText node={node} />
      </button>
    );
  }
  if (targets === undefined) {
    return (
      <div title={title}>
        <NodeText node={node} />
      </div>
    );
  }
  return (
    <a
      href={`#${encodeURIComponent(targets[0]!)}`}
      title={title}
      onClick={(event) => {
        event.preventDefault();
        show(targets);
      }}
    >
      <NodeText node={node} />
    </a>
  );
}

function NodeText({ node: { name, detail, unit, flow, verdict } }: { readonly node: FlowNode }) {
  return (
    <>
      {verdict !== undefined && (
        <span class={`shape ${verdict.tone}`} aria-hidden="true">
          {verdict.shape}
        </span>
      )}
      <span class="names">
        <span class="name">{name}</span>
        {detail !== '' && <span class="detail">{detail}</span>}
        {verdict !== undefined && <span class="hidden">{verdict.word}</span>}
      </span>
      {flow !== undefined && (
        <span class="number">
          {unit === 'requests' ? rate(flow) : count(flow)}
          {unit === 'connections' && <span class="unit"> open</span>}
        </span>
      )}
    </>
  );
}

function show(targets: readonly string[]): void {
  const element = targets.map((id) => document.getElementById(id)).find((each) => each !== null);
  element?.scrollIntoView({ block: 'center' });
  element?.querySelector<HTMLElement>('button, [tabindex]')?.focus();
}

function BandPath({ band: { link, path, thickness } }: { readonly band: Band }) {
  const failed = thickness * link.failedShare;
  return (
    <>
      <path class={link.flow === 0 ? 'link nothing' : 'link'} d={path} style={{ strokeWidth: `${thickness}px` }} />
      {failed > 0 && <path class="link failed" d={path} style={{ strokeWidth: `${Math.max(1, failed)}px` }} />}
    </>
  );
}

function useWidth() {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useEffect(() => {
    if (place.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return [width, place] as const;
}
