import { randomBytes } from "node:crypto";
import type { Call, ResourceType } from "../sdk/resource";
import type { Bag } from "../sdk/values";
import type { Output, Run, SharedInputs } from "./schema";

type State = SharedInputs & Partial<Output>;

const secretSources = ["create", "update", "stdin", "environment", "triggers"];

/** A resource whose create, update and delete are command lines. The two kinds differ in how they run one. */
export function commandType<Inputs extends SharedInputs>(
  inputs: ResourceType<object, Inputs>["inputs"],
  run: Run<Inputs>,
): ResourceType<object, Inputs> {
  async function perform(call: Call<object>, wanted: Inputs, line: string, before?: State): Promise<Bag> {
    const logging = wanted.logging ?? "stdoutAndStderr";
    const onLine = (stream: "stdout" | "stderr", text: string) => {
      if (logging === stream || logging === "stdoutAndStderr") call.log(text);
    };
    const previous: Record<string, string> =
      before && wanted.addPreviousOutputInEnv !== false
        ? { PULUMI_COMMAND_STDOUT: before.stdout ?? "", PULUMI_COMMAND_STDERR: before.stderr ?? "" }
        : {};
    return { ...(await run(wanted, line, { ...previous, ...wanted.environment }, onLine, call.signal)) };
  }

  return {
    inputs,
    outputs: ["stdout", "stderr"],
    volatile: ["stdout", "stderr"],
    derived: ["stdout", "stderr"],
    derivedFrom: secretSources,
    replaceOn: ["triggers"],

    async create(call, wanted) {
      const outputs = wanted.create ? await perform(call, wanted, wanted.create) : { stdout: "", stderr: "" };
      return { id: randomBytes(16).toString("hex"), outputs };
    },

    // What a command did can't be read back.
    async read(_call, _id, state) {
      return state;
    },

    async update(call, _id, state, wanted) {
      const line = wanted.update ?? wanted.create;
      const before = { stdout: (state as State).stdout ?? "", stderr: (state as State).stderr ?? "" };
      return line ? perform(call, wanted, line, before) : before;
    },

    async delete(call, _id, state) {
      if (state.delete) await perform(call, state, state.delete, state as State);
    },
  };
}
