import { NOT_ARMED, type TimerEntry } from './timer-wheel.ts';

/** A timer of a wheel that calls a function: made once for an object that lives long, and armed again and again. */
export class Alarm implements TimerEntry {
  readonly onTimeout: () => void;
  deadlineTick = NOT_ARMED;
  slotTick = NOT_ARMED;
  nextEntry: TimerEntry | null = null;
  previousEntry: TimerEntry | null = null;

  constructor(onTimeout: () => void) {
    this.onTimeout = onTimeout;
  }
}
