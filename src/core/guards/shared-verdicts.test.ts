import { describe, expect, test } from 'vitest';
import { createSharedVerdicts, VerdictReader, writeVerdict } from './shared-verdicts.ts';

function setUp() {
  const memory = createSharedVerdicts(4);
  const reader = new VerdictReader(memory);
  function heard(): string[] {
    const said: string[] = [];
    reader.refresh({
      ejectionChanged: (slot, ejected) => said.push(`${slot} ${ejected ? 'ejected' : 'returned'}`),
      factorChanged: (slot, factor) => said.push(`${slot} × ${factor}`),
    });
    return said;
  }
  return { memory, reader, heard };
}

describe('shared verdicts', () => {
  test('say what changed, once', () => {
    const { memory, reader, heard } = setUp();
    expect(reader.isNew).toBe(false);
    writeVerdict(memory, 1, true, 1);
    writeVerdict(memory, 2, false, 0.25);
    expect([reader.isNew, reader.isEjected(1), heard(), reader.isNew]).toEqual([
      true,
      false,
      ['1 ejected', '2 × 0.25'],
      false,
    ]);
    expect([reader.isEjected(1), reader.factorOf(1), reader.factorOf(2)]).toEqual([true, 1, 0.25]);
    writeVerdict(memory, 1, false, 0);
    expect(heard()).toEqual(['1 returned', '1 × 0']);
  });

  test('what is as before is no news', () => {
    const { memory, reader } = setUp();
    writeVerdict(memory, 1, false, 1);
    expect(reader.isNew).toBe(false);
  });

  test('a slot’s next endpoint has the present verdict, untold', () => {
    const { memory, reader, heard } = setUp();
    writeVerdict(memory, 3, true, 0.5);
    reader.adopt(3);
    expect([reader.isEjected(3), reader.factorOf(3), heard()]).toEqual([true, 0.5, []]);
  });

  test('a slot beyond the capacity serves', () => {
    const { memory, reader } = setUp();
    writeVerdict(memory, 4, true, 0);
    expect([reader.isEjected(4), reader.factorOf(4), reader.isNew]).toEqual([false, 1, false]);
  });
});
