import { EquipoiseError } from '../../core/kernel/errors.ts';
import { createPickRequest, type PickRequest } from '../../core/kernel/policy.ts';
import { createRng } from '../../core/kernel/rng.ts';
import { createMembership, type Membership } from '../membership/membership.ts';
import { createScheduler } from '../membership/scheduler.ts';
import type { MembershipUpdate } from '../membership/snapshot.ts';
import { type NoneReason, Picker, Tried } from '../picker/picker.ts';
import type { Mode } from '../pool-options.ts';
import { type EndpointInput, GREATEST_WEIGHT, type ReadEndpoint, readEndpoints } from './endpoint-input.ts';
import { type NonePicked, Pick, type Picked, type PickOutcome, type PickOwner, type PoolEndpoint } from './pick.ts';
import { type PolicyInput, policyName, readPolicy } from './policy-input.ts';
import type { Pool, PoolChange, PoolEndpointState, PoolEvent, PoolRequest } from './pool.ts';
import { checkPoolInput, type EndpointSource, type PoolInput } from './pool-input.ts';
import { checkChoice, checkKeys, checkNumber, refuse } from './refuse.ts';
import { systemClock, systemRng } from './system.ts';

/**
 * Makes a pool; it can be picked from at once. Without `health` and `discovery` it holds no timer and opens nothing.
 *
 * Errors  throws `config-invalid` or `policy-unknown`, naming what is wrong and the fix.
 */
export function createPool(input: PoolInput): Pool {
  checkPoolInput(input);
  return new LivePool(input);
}

const NONE: Readonly<Record<NoneReason, NonePicked>> = {
  'no-endpoints': Object.freeze({ none: 'no-endpoints' }),
  'none-eligible': Object.freeze({ none: 'none-eligible' }),
  'none-of-role': Object.freeze({ none: 'none-of-role' }),
  'all-at-limit': Object.freeze({ none: 'all-at-limit' }),
  'all-tried': Object.freeze({ none: 'all-tried' }),
};

const DEFAULT_POLICY = 'adaptive';
const NO_REQUEST: PoolRequest = Object.freeze({});

class LivePool implements Pool, PickOwner {
  readonly name: string;
  #policy: PolicyInput;
  readonly #picker: Picker;
  readonly #membership: Membership;
  readonly #request: PickRequest = createPickRequest();
  readonly #outcome = { ok: true, latencyMs: -1, neutral: false, report: undefined as PickOutcome['report'] };
  readonly #tried = new Tried();
  readonly #listeners = new Set<(event: PoolEvent) => void>();
  /** Of all members: those that were given last, and those that are kept though they were not. */
  readonly #read = new Map<string, ReadEndpoint>();
  /** By slot, of the endpoint that has it now or had it last. */
  readonly #endpoints: PoolEndpoint[] = [];
  #slots: ReadonlyMap<string, number> = new Map();
  #provide: (endpoints: readonly EndpointInput[]) => void = () => {};
  readonly #discovered: boolean;
  #closed = false;

  constructor(input: PoolInput) {
    const { clock = systemClock, zone, locate, discovery, preservation, health, subset } = input;
    const { policy = DEFAULT_POLICY } = input;
    const rng = input.rng ?? (input.seed === undefined ? systemRng() : createRng(input.seed));
    this.name = input.name ?? 'pool';
    this.#policy = policy;
    this.#discovered = discovery !== undefined;
    const createPolicy = this.#readPolicy(policy);
    const deps = { clock, rng, ...(zone !== undefined && { zone }), ...(locate !== undefined && { locate }) };
    this.#picker = new Picker({
      ...{ pool: this.name, createPolicy, ...deps, guards: input },
      ...(subset !== undefined && { subset }),
      onEvent: (event) => this.#tell(event),
    });
    const checks = health?.();
    this.#membership = createMembership({
      pool: this.name,
      endpoints: [],
      isSlotInUse: (slot) => this.#picker.requestsOf(slot) > 0,
      ...{ clock, rng },
      // Without a resolver: whoever connects, checks among them, does it by name.
      ...(checks !== undefined && { checks }),
      ...(preservation && { preservation: { ...preservation, scheduler: createScheduler() } }),
      provider: { start: (listener) => this.#start(discovery ?? given(input.endpoints!), listener) },
      onEvent: (event) => this.#tell(event),
    });
    this.#membership.subscribe((update) => this.#apply(update));
  }

  get policy(): string {
    return policyName(this.#policy);
  }

  get endpoints(): readonly PoolEndpointState[] {
    return this.#membership.endpoints().map((state) => {
      const { origin, options } = this.#read.get(state.id)!;
      const { zone, location } = options;
      // An endpoint outside of this pool's subset has no slot.
      const slot = this.#slots.get(state.id) ?? -1;
      const known = {
        ...state,
        ...this.#picker.stateOf(slot),
        inFlight: slot < 0 ? 0 : this.#picker.inFlight.of(slot),
      };
      return { ...known, origin, ...(zone !== undefined && { zone }), ...(location && { location }) };
    });
  }

  pick(request: PoolRequest = NO_REQUEST): Picked | NonePicked {
    this.#refuseClosed();
    const tried = request.tried === undefined ? null : this.#triedSlots(request.tried);
    const cost = this.#fill(request);
    const { role = null } = request;
    const slot = this.#picker.pick(this.#request, tried, role);
    if (slot < 0) return NONE[this.#picker.noneReason(tried, role)];
    return new Pick(this.#endpoints[slot]!, this, slot, cost, this.#picker.ticket);
  }

  pickMany(key: string, count: number): PoolEndpoint[] {
    this.#refuseClosed();
    this.#fill({ key });
    const slots = this.#picker.pickMany(this.#request, count);
    if (slots !== undefined) return slots.map((slot) => this.#endpoints[slot]!);
    const fix = 'take ring-hash or another hashing policy';
    throw new EquipoiseError('contract-broken', `policy ${this.policy} has no order of endpoints for a key; ${fix}`);
  }

  finish(slot: number, cost: number, ticket: number, given: PickOutcome): void {
    const { ok, latencyMs = -1, neutral = false, report } = given;
    const outcome = this.#outcome;
    outcome.ok = ok;
    outcome.latencyMs = latencyMs;
    outcome.neutral = neutral;
    outcome.report = report;
    this.#picker.done(slot, outcome, cost, ticket);
  }

  update(change: PoolChange): void {
    this.#refuseClosed();
    checkKeys('update', change, ['endpoints', 'policy']);
    const { endpoints, policy } = change;
    if (endpoints !== undefined && this.#discovered) refuse('update', 'has endpoints, which discovery finds here');
    if (endpoints !== undefined) readEndpoints(endpoints);
    if (policy !== undefined) {
      this.#picker.replacePolicy(this.#readPolicy(policy));
      this.#policy = policy;
    }
    if (endpoints !== undefined) this.#provide(endpoints);
  }

  setMode(id: string, mode: Mode): void {
    checkChoice('mode', mode, ['ready', 'draining', 'maintenance']);
    if (!this.#membership.setMode(id, mode)) throw this.#unknown(id);
  }

  setWeight(id: string, weight: number): void {
    checkNumber('weight', weight, 0, GREATEST_WEIGHT);
    if (!this.#membership.setWeight(id, weight)) throw this.#unknown(id);
  }

  subscribe(listener: (event: PoolEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#membership.close();
    this.#listeners.clear();
  }

  #start(source: EndpointSource, listener: (endpoints: ReadEndpoint['options'][]) => void): { stop(): void } {
    this.#provide = (endpoints) => {
      const read = readEndpoints(endpoints);
      for (const each of read) this.#read.set(each.options.id, each);
      listener(read.map((each) => each.options));
    };
    return source.start((endpoints) => this.#provide(endpoints));
  }

  #apply(update: MembershipUpdate): void {
    this.#picker.apply(update);
    if (update.kind !== 'snapshot') return;
    this.#findSlots();
    const members = new Set(this.#membership.endpoints().map(({ id }) => id));
    for (const id of this.#read.keys()) if (!members.has(id)) this.#read.delete(id);
  }

  #findSlots(): void {
    const slots = new Map<string, number>();
    for (let slot = 0; slots.size < this.#picker.members; slot++) {
      if (!this.#picker.isMember(slot)) continue;
      const { id } = this.#picker.endpoint(slot);
      const { address, origin } = this.#read.get(id)!;
      const known = this.#endpoints[slot];
      const same = known?.id === id && known.address === address && known.origin === origin;
      if (!same) this.#endpoints[slot] = Object.freeze({ id, address, origin });
      slots.set(id, slot);
    }
    this.#slots = slots;
  }

  /** The request's cost. */
  #fill({ key = '', clientIp = '', zone = '', cost = 1 }: PoolRequest): number {
    const request = this.#request;
    request.key = key;
    request.clientIp = clientIp;
    request.zone = zone;
    request.cost = cost === 1 ? 1 : checkedCost(cost);
    request.jump = 0;
    return request.cost;
  }

  #triedSlots(endpoints: readonly PoolEndpoint[]): Tried {
    this.#tried.clear();
    for (const { id } of endpoints) {
      const slot = this.#slots.get(id);
      if (slot !== undefined) this.#tried.add(slot);
    }
    return this.#tried;
  }

  #readPolicy(policy: PolicyInput) {
    return readPolicy(policy, (failure) => this.#tell({ pool: this.name, what: 'policy', ...failure }));
  }

  #tell(event: PoolEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #unknown(id: string): EquipoiseError {
    return new EquipoiseError('endpoint-unknown', `pool ${this.name} has no endpoint "${id}"`);
  }

  #refuseClosed(): void {
    if (this.#closed) throw new EquipoiseError('contract-broken', `pool ${this.name} is closed`);
  }
}

/** Counts are 32-bit integers: 200,000 requests of this cost at one endpoint fit. */
const GREATEST_COST = 10_000;

function checkedCost(cost: number): number {
  if (Number.isInteger(cost) && cost >= 1 && cost <= GREATEST_COST) return cost;
  throw new EquipoiseError('contract-broken', `a cost is ${cost}; write a whole number from 1 to ${GREATEST_COST}`);
}

/** Endpoints that are known at once. */
function given(endpoints: readonly EndpointInput[]): EndpointSource {
  return {
    start(listener) {
      listener(endpoints);
      return { stop() {} };
    },
  };
}
