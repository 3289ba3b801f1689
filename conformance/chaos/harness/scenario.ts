import type { Setting } from './configurations.ts';
import type { Contender, RunningBalancer } from './contenders.ts';
import type { Disruption } from './judge.ts';
import type { Load } from './load.ts';
import type { Origin } from './origin.ts';

/** What a scenario has to work with, while the load goes on. */
export interface Stage {
  readonly contender: Contender;
  readonly balancer: RunningBalancer;
  readonly setting: Setting;
  /** The first `scenario.endpoints` of them are configured. */
  readonly origins: readonly Origin[];
  readonly load: Load;
  /** How often to do what the scenario does: few times in the short form. */
  readonly turns: number;
  /** How long one state of an endpoint lasts. */
  readonly phaseMs: number;
  /** A scenario that needs a crowd takes this share of it. */
  readonly scale: number;
  /** Says when the balancer could not keep, or take, connections. */
  disrupted(disruption: Disruption): void;
  /** Adds to what is printed: `reloads=200`. */
  count(name: string, value: number): void;
}

/** A fault, or several, under load. */
export interface Scenario {
  readonly name: string;
  /** What happens, for people: a row of the table. */
  readonly title: string;
  /** Why some failures cannot be avoided; absent: none has an excuse, and a single failure fails the scenario. */
  readonly excuse?: string;
  /** Who can take part. Default: everyone. */
  readonly suits?: (contender: Contender) => boolean;
  /** Beyond the usual configuration. */
  readonly setting?: Partial<Setting>;
  /** Descriptors of the balancer. */
  readonly openFiles?: number;
  /** Endpoints that run (default 3), and how many of them are configured at first (default all). */
  readonly origins?: number;
  readonly endpoints?: number;
  /** Further settings, and environment, that need a file in `directory`. */
  readonly prepare?: (directory: string) => { setting?: Partial<Setting>; environment?: Record<string, string> };
  /** Runs under load. Resolves when every endpoint is well again; throws what it finds wrong. */
  run(stage: Stage): Promise<void>;
}
