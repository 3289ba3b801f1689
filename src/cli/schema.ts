import { configJsonSchema } from '../config/json-schema.ts';
import { type CliIo, exitCodes } from './io.ts';

export const schemaUsage = `usage: equipoise schema

Prints the JSON Schema (draft 2020-12) of the configuration. Editors that know YAML complete and check by it:
  equipoise schema > equipoise.schema.json
  # yaml-language-server: $schema=equipoise.schema.json     (first line of the configuration)
`;

/** `equipoise schema`: 0 done, 2 wrong usage. `--json` changes nothing, as the output is JSON. */
export async function schema(argv: readonly string[], io: CliIo): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    io.stdout(schemaUsage);
    return exitCodes.done;
  }
  const stray = argv.find((each) => each !== '--json');
  if (stray !== undefined) {
    io.stderr(`schema: unexpected ${stray}\n${schemaUsage}`);
    return exitCodes.usage;
  }
  io.stdout(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return exitCodes.done;
}
