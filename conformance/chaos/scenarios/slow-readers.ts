import { slowReadersScenario } from '../harness/slow-readers.ts';

export const slowReaders = slowReadersScenario({
  name: 'slow-readers',
  title: 'some clients read large answers slowly',
  ...{ readers: 20, leastReaders: 10, answerBytes: 8 << 20 },
});
