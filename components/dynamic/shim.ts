import type * as pulumi from "@pulumi/pulumi";

/**
 * A dynamic provider that only calls the project's `stacks/provider`. Its code is serialized into the stack's state, so it is constant:
 * everything that may change is behind `require`, which resolves from the project's folder.
 */
export class Shim implements pulumi.dynamic.ResourceProvider {
  private credentials: unknown;

  constructor(private readonly handler: string) {}

  async configure(request: pulumi.dynamic.ConfigureRequest) {
    require("tsx/cjs");
    this.credentials = require("./stacks/provider").credentialsFrom(request.config);
  }

  async check(_olds: object, news: object) {
    require("tsx/cjs");
    return require("./stacks/provider").lifecycle.check(this.handler, news);
  }

  async diff(_id: string, olds: object, news: object) {
    require("tsx/cjs");
    return require("./stacks/provider").lifecycle.diff(this.handler, olds, news);
  }

  async create(inputs: object) {
    require("tsx/cjs");
    return require("./stacks/provider").lifecycle.create(this.handler, inputs, this.credentials);
  }

  async read(id: string, outputs: object) {
    require("tsx/cjs");
    return require("./stacks/provider").lifecycle.read(this.handler, id, outputs, this.credentials);
  }

  async update(_id: string, olds: object, news: object) {
    require("tsx/cjs");
    return require("./stacks/provider").lifecycle.update(this.handler, olds, news, this.credentials);
  }

  async delete(_id: string, outputs: object) {
    require("tsx/cjs");
    return require("./stacks/provider").lifecycle.remove(this.handler, outputs, this.credentials);
  }
}
