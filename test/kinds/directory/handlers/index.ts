import { lifecycleOf } from "../../../../engine/resources/lifecycle";

export const lifecycle = lifecycleOf({
  content: () => require("./content"),
  serving: () => require("./serving"),
});
