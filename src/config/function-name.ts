import { readModuleName } from './import-module.ts';
import { misread } from './reading.ts';
import { text } from './scalars.ts';

/** A function of the user's, named by a file and an export of it; `example` is one. */
export const functionName = (example: string) =>
  text((value) =>
    readModuleName(value) === undefined
      ? misread(`"${value}" names no function`, `write a file and an export of it: ${example}`)
      : { value },
  ).describe(`File, relative to this one, and export: \`${example}\`.`);
