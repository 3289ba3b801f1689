import { slowReadersScenario } from '../harness/slow-readers.ts';

export const manySlowReaders = slowReadersScenario({
  name: 'many-slow-readers',
  title: 'hundreds of clients read slowly at one time',
  ...{ readers: 500, leastReaders: 100, answerBytes: 1 << 20 },
});
