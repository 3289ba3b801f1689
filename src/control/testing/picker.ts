import { createPickRequest, type PolicyDeps } from '../../core/kernel/policy.ts';
import { type FakeClock, fakeClock } from '../../core/testing/fake-clock.ts';
import { seededRng } from '../../core/testing/rng.ts';
import type { MemberSnapshot } from '../membership/snapshot.ts';
import type { GuardEvent } from '../picker/guard-event.ts';
import { Picker, type PickerOptions, type Tried } from '../picker/picker.ts';
import type { Role } from '../pool-options.ts';
import { type StrictPolicy, strictPolicy } from './strict-policy.ts';

/** The `key`th endpoint, `e<key>`, in the slot of that number: ready, unknown, of weight 1, without a limit. */
export function member(key: number, given: Partial<MemberSnapshot> = {}): MemberSnapshot {
  return {
    key,
    slot: key,
    id: `e${key}`,
    weight: 1,
    maxConnections: Number.POSITIVE_INFINITY,
    backup: false,
    mode: 'ready',
    health: 'unknown',
    addresses: [{ kind: 'tcp', host: '127.0.0.1', port: 1000 + key }],
    ...given,
  };
}

export interface PickerSetUp {
  readonly picker: Picker;
  readonly clock: FakeClock;
  readonly primaries: StrictPolicy;
  readonly backups: StrictPolicy;
  /** `e0 breaker open`. */
  readonly events: string[];
  apply(...next: MemberSnapshot[]): void;
  change(key: number, given: Partial<MemberSnapshot>): void;
  /** The ids of `count` picks that stay under way; '-' where none was picked. */
  take(count: number, tried?: Tried | null, role?: Role | null): string[];
  /** Picks that end at once, each with what `ok` says of its endpoint; their ids. */
  run(count: number, ok?: (id: string) => boolean): string[];
}

/** A picker over strict policies, whose time a test moves by hand. */
export function setUpPicker(endpoints: readonly MemberSnapshot[], given: Partial<PickerOptions> = {}): PickerSetUp {
  const policies: StrictPolicy[] = [];
  const createPolicy = (deps: PolicyDeps) => {
    const policy = strictPolicy(deps);
    policies.push(policy);
    return policy;
  };
  const clock = fakeClock();
  const events: string[] = [];
  const onEvent = ({ endpoint, what, to }: GuardEvent) => void events.push(`${endpoint} ${what} ${to}`.trim());
  const picker = new Picker({ pool: 'api', createPolicy, clock, rng: seededRng(1), onEvent, ...given });
  const request = createPickRequest();
  let version = 0;
  const apply = (...next: MemberSnapshot[]) => picker.apply({ kind: 'snapshot', version: ++version, endpoints: next });
  const change = (key: number, what: Partial<MemberSnapshot>) => {
    const { mode, health, role, addresses } = member(key, what);
    const state = { mode, health, ...(role !== undefined && { role }), addresses };
    picker.apply({ kind: 'change', version: ++version, key, ...state });
  };
  const idOf = (slot: number) => (slot < 0 ? '-' : picker.endpoint(slot).id);
  const take = (count: number, tried: Tried | null = null, role: Role | null = null) =>
    Array.from({ length: count }, () => idOf(picker.pick(request, tried, role)));
  const run = (count: number, ok: (id: string) => boolean = () => true) =>
    Array.from({ length: count }, () => {
      const slot = picker.pick(request, null);
      const id = idOf(slot);
      if (slot >= 0) picker.done(slot, { ok: ok(id), latencyMs: 1 }, 1, picker.ticket);
      return id;
    });
  apply(...endpoints);
  const [primaries, backups] = policies as [StrictPolicy, StrictPolicy];
  return { picker, clock, primaries, backups, events, apply, change, take, run };
}
