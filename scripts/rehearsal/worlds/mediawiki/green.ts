import type Docker from "dockerode";
import { docker as localEngine } from "../../../common/docker";
import { rehearsalId } from "../../../common/rehearsalId";
import { own, refuseStrangers, removeOwn, type Scope, thingsOn } from "../../core/things";

const containers = /^green-(mariadb|mediawiki|jobs|gate|file-sync|redis-(cache|sessions))$/;

/** The new side, with the names and the label that a real wiki's has as well. */
export const greenScope: Scope = {
  label: { name: "wikiferry.side", value: "green" },
  claims: ({ kind, name, labels }) =>
    labels["wikiferry.side"] === "green" ||
    (kind === "container" ? containers.test(name) : /^wikiferry-green(-|$)/.test(name)),
  code: "CLEAN_NOT_OURS",
};

/** @throws `CLEAN_NOT_OURS` where a green is here that this checkout's rehearsal did not make */
export async function refuseForeignGreen(docker: Docker = localEngine, id = rehearsalId()): Promise<void> {
  refuseStrangers(await thingsOn(docker), greenScope, id);
}

/** What this checkout's rehearsal made of green. */
export async function greenThings(docker: Docker = localEngine, id = rehearsalId()) {
  return own(await thingsOn(docker), greenScope, id);
}

/**
 * Removes the containers, volumes and network of green that this checkout's rehearsal made.
 *
 * @returns how many
 * @throws `CLEAN_NOT_OURS` where others' are there; then nothing is removed
 */
export async function removeGreen(docker: Docker = localEngine, id = rehearsalId()): Promise<number> {
  return (await removeOwn(docker, greenScope, id)).length;
}
