import type * as pulumi from "@pulumi/pulumi";
import type { ResourceName } from "../../engine/resources";

/**
 * A dynamic provider that only calls the engine. Its code is serialized into the stack's state, so it is constant:
 * everything that may change is behind `require`, which resolves from the project's folder.
 */
export class Shim implements pulumi.dynamic.ResourceProvider {
  private credentials: unknown;

  constructor(private readonly hold: ResourceName) {}

  async configure(request: pulumi.dynamic.ConfigureRequest) {
    require("tsx/cjs");
    this.credentials = require("./stacks/provider").credentialsFrom(request.config);
  }

  async check(_olds: object, news: object) {
    require("tsx/cjs");
    return require("./engine/resources").check(this.hold, news);
  }

  async diff(_id: string, olds: object, news: object) {
    require("tsx/cjs");
    return require("./engine/resources").diff(this.hold, olds, news);
  }

  async create(inputs: object) {
    require("tsx/cjs");
    return require("./engine/resources").create(this.hold, inputs, this.credentials);
  }

  async read(id: string, outputs: object) {
    require("tsx/cjs");
    return require("./engine/resources").read(this.hold, id, outputs, this.credentials);
  }

  async update(_id: string, olds: object, news: object) {
    require("tsx/cjs");
    return require("./engine/resources").update(this.hold, olds, news, this.credentials);
  }

  async delete(_id: string, outputs: object) {
    require("tsx/cjs");
    return require("./engine/resources").remove(this.hold, outputs, this.credentials);
  }
}
