export * from "../../scripts/lab/until";
