export * from "../../scripts/lab/pair";
