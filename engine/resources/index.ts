import { lifecycleOf } from "./lifecycle";

/** The things that must hold, each one a module of this folder. */
const handlers = {
  adoption: () => require("./adoption"),
  certificate: () => require("./certificate"),
  secretFiles: () => require("./secretFiles"),
  processLimit: () => require("./processLimit"),
  wikiAccount: () => require("./wikiAccount"),
  copy: () => require("./copy"),
  replication: () => require("./replication"),
  watchdog: () => require("./watchdog"),
  uploads: () => require("./uploads"),
  verification: () => require("./verification"),
  gateSettings: () => require("./gateSettings"),
  gateRoute: () => require("./gateRoute"),
  primary: () => require("./primary"),
  archive: () => require("./archive"),
};

export type ResourceName = keyof typeof handlers;

export const lifecycle = lifecycleOf<ResourceName>(handlers);
