export * from "../../scripts/lab/dockerWorld";
