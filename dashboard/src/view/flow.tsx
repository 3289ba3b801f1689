import { useEffect, useRef, useState } from 'preact/hooks';
import { rate } from '../data/numbers.ts';
import type { Page } from '../data/store.ts';
import { type Column, type FlowLink, type FlowNode, topologyOf } from '../data/topology.ts';

interface Place {
  readonly node: FlowNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const COLUMNS: readonly Column[] = ['listener', 'route', 'pool', 'endpoint'];
const TITLES = { listener: 'Listeners', route: 'Routes', pool: 'Pools', endpoint: 'Endpoints' } as const;
const ROW = 40;
const NODE = 32;
const TOP = 24;
const WIDEST_LINK = 22;
/** Below this routes are left out: four columns of names don't fit a phone. */
const NARROW = 620;

/** Listeners, routes, pools and endpoints, and how much flows between them. */
export function Flow({ overview, history }: Page) {
  const [width, place] = useWidth();
  if (overview === undefined) return null;
  const topology = topologyOf(overview, history);
  const isNarrow = width < NARROW;
  const columns = isNarrow ? COLUMNS.filter((each) => each !== 'route') : COLUMNS;
  const links = isNarrow ? withoutRoutes(topology.links) : topology.links;
  const places = placeNodes(topology.nodes, columns, width);
  const bands = bandsOf(links, places);
  const height = TOP + ROW * Math.max(1, ...columns.map((column) => countIn(topology.nodes, column)));
  return (
    <section class="card flow-card" aria-labelledby="flow-title">
      <header class="card-head">
        <h2 id="flow-title">Flow</h2>
        <span class="note">requests/s, 10 s</span>
      </header>
      <div class="flow" ref={place} style={{ height: `${height}px` }}>
        <svg width={width} height={height} aria-hidden="true">
          {bands.map((band) => (
            <BandPath key={`${band.link.from}→${band.link.to}`} band={band} />
          ))}
        </svg>
        {columns.map((column) => (
          <Nodes key={column} column={column} places={[...places.values()]} />
        ))}
      </div>
    </section>
  );
}

function Nodes({ column, places }: { readonly column: Column; readonly places: readonly Place[] }) {
  const own = places.filter(({ node }) => node.column === column);
  const x = own[0]?.x ?? 0;
  return (
    <>
      <h3 class="flow-title" style={{ left: `${x}px` }}>
        {TITLES[column]}
      </h3>
      <ul>
        {own.map(({ node, y, width }) => (
          <li key={node.key} class="node" style={{ left: `${x}px`, top: `${y}px`, width: `${width}px` }}>
            <NodeText node={node} />
          </li>
        ))}
      </ul>
    </>
  );
}

function NodeText({ node }: { readonly node: FlowNode }) {
  const { name, detail, perSecond, verdict, target } = node;
  const text = (
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
      {perSecond !== undefined && <span class="number">{rate(perSecond)}</span>}
    </>
  );
  const title = detail === '' ? name : `${name}, ${detail}`;
  if (target === undefined) return <div title={title}>{text}</div>;
  return (
    <a
      href={`#${encodeURIComponent(target)}`}
      title={title}
      onClick={(event) => {
        event.preventDefault();
        document.getElementById(target)?.scrollIntoView({ block: 'center' });
        document.getElementById(target)?.querySelector<HTMLElement>('button, [tabindex]')?.focus();
      }}
    >
      {text}
    </a>
  );
}

/** A link as it is drawn: from the right edge of a node to the left edge of another. */
interface Band {
  readonly link: FlowLink;
  readonly path: string;
  readonly thickness: number;
}

function BandPath({ band: { link, path, thickness } }: { readonly band: Band }) {
  const failed = thickness * link.failedShare;
  return (
    <>
      <path class={link.perSecond === 0 ? 'link nothing' : 'link'} d={path} style={{ strokeWidth: `${thickness}px` }} />
      {failed > 0 && <path class="link failed" d={path} style={{ strokeWidth: `${Math.max(1, failed)}px` }} />}
    </>
  );
}

/** As thick as their part of the most that flows anywhere; those of one node lie side by side, in the order of where they lead. */
function bandsOf(links: readonly FlowLink[], places: ReadonlyMap<string, Place>): Band[] {
  // Of a pool that no longer is.
  const drawn = links.filter(({ from, to }) => places.has(from) && places.has(to));
  const most = Math.max(1e-9, ...[...places.values()].map(({ node }) => node.perSecond ?? 0));
  const thicknessOf = ({ perSecond }: FlowLink) =>
    perSecond === 0 ? 1 : Math.max(1.5, (perSecond / most) * WIDEST_LINK);
  const starts = edges(drawn, 'from', 'to', places, thicknessOf);
  const ends = edges(drawn, 'to', 'from', places, thicknessOf);
  return drawn.map((link) => {
    const [from, to] = [places.get(link.from)!, places.get(link.to)!];
    const [x1, y1, x2, y2] = [from.x + from.width, starts.get(link)!, to.x, ends.get(link)!];
    const middle = (x1 + x2) / 2;
    return { link, path: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`, thickness: thicknessOf(link) };
  });
}

/** Where each link meets the node at its `end`, stacked around the node's middle by the height of their other ends. */
function edges(
  links: readonly FlowLink[],
  end: 'from' | 'to',
  other: 'from' | 'to',
  places: ReadonlyMap<string, Place>,
  thicknessOf: (link: FlowLink) => number,
): Map<FlowLink, number> {
  const heights = new Map<FlowLink, number>();
  for (const [key, own] of Map.groupBy(links, (link) => link[end])) {
    const sorted = own.toSorted((a, b) => places.get(a[other])!.y - places.get(b[other])!.y);
    const total = sorted.reduce((sum, link) => sum + thicknessOf(link), 0);
    let y = places.get(key)!.y + NODE / 2 - total / 2;
    for (const link of sorted) {
      heights.set(link, y + thicknessOf(link) / 2);
      y += thicknessOf(link);
    }
  }
  return heights;
}

function placeNodes(nodes: readonly FlowNode[], columns: readonly Column[], width: number): Map<string, Place> {
  const gap = Math.max(22, width * 0.07);
  const each = (width - gap * (columns.length - 1)) / columns.length;
  const rows = Math.max(1, ...columns.map((column) => countIn(nodes, column)));
  const places = new Map<string, Place>();
  for (const [i, column] of columns.entries()) {
    const own = nodes.filter((node) => node.column === column);
    // Each column stands in the middle of the highest.
    const spread = (rows * ROW) / Math.max(1, own.length);
    for (const [row, node] of own.entries()) {
      const y = TOP + (row + 0.5) * spread - NODE / 2;
      places.set(node.key, { node, x: i * (each + gap), y, width: each });
    }
  }
  return places;
}

/** From listeners straight to pools. */
function withoutRoutes(links: readonly FlowLink[]): FlowLink[] {
  const listenerOf = new Map(
    links.filter(({ from }) => from.startsWith('listener ')).map(({ from, to }) => [to, from]),
  );
  return links
    .filter(({ from }) => !from.startsWith('listener '))
    .map((link) => ({ ...link, from: listenerOf.get(link.from) ?? link.from }));
}

const countIn = (nodes: readonly FlowNode[], column: Column) => nodes.filter((node) => node.column === column).length;

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
