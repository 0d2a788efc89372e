import type * as pulumi from "@pulumi/pulumi";
import type { HoldName } from "../../engine/holds";

/**
 * A dynamic provider that only calls the engine. Its code is serialized into the stack's state, so it is constant:
 * everything that may change is behind `require`, which resolves from the project's folder.
 */
export class Shim implements pulumi.dynamic.ResourceProvider {
  private credentials: unknown;

  constructor(private readonly hold: HoldName) {}

  async configure(request: pulumi.dynamic.ConfigureRequest) {
    require("tsx/cjs");
    this.credentials = require("./stacks/provider").credentialsFrom(request.config);
  }

  async check(_olds: object, news: object) {
    require("tsx/cjs");
    return require("./engine/holds").check(this.hold, news);
  }

  async diff(_id: string, olds: object, news: object) {
    require("tsx/cjs");
    return require("./engine/holds").diff(this.hold, olds, news);
  }

  async create(inputs: object) {
    require("tsx/cjs");
    return require("./engine/holds").create(this.hold, inputs, this.credentials);
  }

  async read(id: string, outputs: object) {
    require("tsx/cjs");
    return require("./engine/holds").read(this.hold, id, outputs, this.credentials);
  }

  async update(_id: string, olds: object, news: object) {
    require("tsx/cjs");
    return require("./engine/holds").update(this.hold, olds, news, this.credentials);
  }

  async delete(_id: string, outputs: object) {
    require("tsx/cjs");
    return require("./engine/holds").remove(this.hold, outputs, this.credentials);
  }
}
