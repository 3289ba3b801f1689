import { configJsonSchema } from '../config/json-schema.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import { type CliIo, exitCodes } from './io.ts';
import { type Options, usageText } from './options.ts';

export const schemaOptions = {
  json: { type: 'boolean', summary: 'changes nothing: it is JSON' },
} as const satisfies Options;

const schemaUsage = usageText(
  `usage: equipoise schema

Prints the JSON Schema (draft 2020-12) of the configuration. Editors that know YAML complete and check by it:
  equipoise schema > equipoise.schema.json
  # yaml-language-server: $schema=equipoise.schema.json     (first line of the configuration)`,
  schemaOptions,
);

/** `equipoise schema`: 0 done, 2 wrong usage. */
export async function schema(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readArguments(argv, schemaOptions, schemaUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const [stray] = parsed.targets;
  if (stray !== undefined) return wrongUsage(`schema: unexpected ${stray}`, schemaUsage, io);
  io.stdout(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return exitCodes.done;
}
