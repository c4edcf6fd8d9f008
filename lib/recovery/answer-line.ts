/** What a script on a host has to say: the last marked line that it prints, `HOLDFAST {json}`. */
import * as v from 'valibot';
import { Fault } from './fault.ts';

const mark = 'HOLDFAST ';

/** @throws Fault `invalid-answer` when the output has no such line or the line is not what the script prints */
export function parseAnswerLine<Schema extends v.GenericSchema>(
  schema: Schema,
  stdout: string,
): v.InferOutput<Schema> {
  const line = stdout
    .trimEnd()
    .split('\n')
    .findLast((each) => each.startsWith(mark));
  if (line === undefined)
    throw new Fault('invalid-answer', `no line "${mark}{…}" in the host's output`, 'later');
  let json: unknown;
  try {
    json = JSON.parse(line.slice(mark.length));
  } catch (cause) {
    throw new Fault('invalid-answer', `not JSON: ${line.slice(0, 200)}`, 'later', { cause });
  }
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Fault('invalid-answer', `${v.getDotPath(issue) ?? 'top'}: ${issue.message}`, 'later');
}
