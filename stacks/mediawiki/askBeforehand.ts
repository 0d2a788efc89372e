import type { Finding } from "../../engine/finding";
import type { MoveSpec, Secrets } from "../../engine/move";
import { type PreflightResult, preflight } from "../../engine/operations/preflight";
import { changesAhead } from "../../engine/operations/preflight/changes";
import { silent } from "../../engine/progress";
import { type MoveSession, openMoveSession } from "../../engine/session";
import type { Ladder } from "../common/phase";
import type { MediaWikiConfig } from "./config";
import { extraSettings, fingerprints } from "./fingerprints";

/**
 * Asks every server what stands in the way of what the config wants. Never writes.
 * @param predict Whether to predict durations, which needs some seconds of measuring.
 */
export async function askBeforehand(
  config: MediaWikiConfig,
  spec: MoveSpec,
  secrets: Secrets,
  ladder: Ladder,
  predict: boolean,
): Promise<PreflightResult> {
  const move = openMoveSession(spec, secrets, silent);
  try {
    // Once blue is archived its hosts may be gone.
    if (ladder.archived)
      return { findings: await askOfChanges(move, config, secrets), toCopy: undefined, pause: undefined };
    const [result, changes] = await Promise.all([
      askOfMove(move, config, ladder, predict),
      askOfChanges(move, config, secrets),
    ]);
    return { ...result, findings: [...result.findings, ...changes] };
  } finally {
    await move.close();
  }
}

function askOfChanges(move: MoveSession, config: MediaWikiConfig, secrets: Secrets): Promise<Finding[]> {
  const settings = extraSettings(config.wiki.settingsFile);
  const wanted = fingerprints(config, secrets, config.green.images, settings);
  return changesAhead(move, wanted, { restart: config.green.allowRestart, renew: config.gate.renew });
}

function askOfMove(
  move: MoveSession,
  config: MediaWikiConfig,
  ladder: Ladder,
  predict: boolean,
): Promise<PreflightResult> {
  return preflight(move, {
    allowRestart: config.adopt.allowRestart,
    active: config.active,
    gate: ladder.gate,
    canary: ladder.canary,
    attachedNetwork: config.green.network !== undefined,
    accepted: {
      plainHttp: config.blue.web.allowPlainHttp,
      gateAddress: config.blue.web.allowGateAddress,
    },
    predict,
    identity: {
      cookiePrefix: config.wiki.cookiePrefix ?? "",
      sessionName: config.wiki.sessionName ?? "",
      authenticationTokenVersion: config.wiki.authenticationTokenVersion ?? "",
      hashedUploads: config.wiki.hashedUploads,
    },
  });
}
